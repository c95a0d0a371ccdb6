import { afterEach, expect, it } from '@jest/globals';
import type { JsonObject } from '../../contracts/json.js';
import { sourceWith } from '../../../test/support/connectors/authenticated-source.js';
import { NOW_MS } from '../../../test/support/connectors/compile-authenticator.js';
import { startProvider, type Asked, type Provider, type Told } from '../../../test/support/connectors/token-provider.js';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});

const RESET_S = Math.floor(NOW_MS / 1_000) + 600;
const authenticator = (provider: Provider, more: JsonObject = {}): JsonObject => ({
  type: 'RateLimitedMultipleTokenAuthenticator',
  tokens: "{{ config['tokens'] }}",
  auth_method: 'token',
  quota_status_source: { type: 'QuotaStatusSource', url: `${provider.url}/limit`, unavailable_status_codes: [404] },
  quotas: [{ type: 'TokenQuota', name: 'rest', remaining_path: ['core', 'left'], reset_path: ['core', 'reset'] }],
  ...more,
});
const sent = (provider: Provider): unknown[] => provider.to('/items').map(({ headers }) => headers.authorization);
const onePage = (): Told => ({ body: { items: [{ id: 1 }] } });

async function open(limit: (asked: Asked, count: number) => Told) {
  const provider = await startProvider({ '/limit': limit, '/items': onePage });
  cleanup.push(() => provider.close());
  const opened = sourceWith(provider, authenticator(provider), { config: { tokens: 'a, b' }, secrets: ['tokens'] });
  cleanup.push(opened.close);
  return { provider, ...opened };
}

it('tokens are used in turn until the quota of each is spent; then the run waits for the first reset', async () => {
  const left: Record<string, number> = { 'token a': 2, 'token b': 1 };
  const { provider, read, clock } = await open(({ headers }) => ({
    body: { core: { left: left[headers.authorization ?? ''] ?? 0, reset: RESET_S } },
  }));
  for (let count = 0; count < 3; count++) await read();
  expect(sent(provider)).toEqual(['token a', 'token a', 'token b']);
  await expect(read()).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAt: RESET_S * 1_000 });
  clock.ms = RESET_S * 1_000;
  await read();
  // The window has ended: the quotas are read again.
  expect(provider.to('/limit')).toHaveLength(4);
  expect(sent(provider)).toHaveLength(4);
});

it('a provider without quotas is read with the first token', async () => {
  const { provider, read } = await open(() => ({ status: 404 }));
  await read();
  await read();
  expect(sent(provider)).toEqual(['token a', 'token a']);
});
