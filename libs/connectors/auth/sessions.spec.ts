import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../contracts/json.js';
import { createMemoryVault } from './memory-vault.js';
import { sourceWith } from '../../../test/support/connectors/authenticated-source.js';
import { startProvider, type Asked, type Provider, type Told } from '../../../test/support/connectors/token-provider.js';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});
async function providerOf(answers: Parameters<typeof startProvider>[0]): Promise<Provider> {
  const provider = await startProvider(answers);
  cleanup.push(() => provider.close());
  return provider;
}
function open(provider: Provider, ...[authenticator, options]: [JsonObject, Parameters<typeof sourceWith>[2]?]) {
  const opened = sourceWith(provider, authenticator, options);
  cleanup.push(opened.close);
  return opened;
}
const onePage = (): Told => ({ body: { items: [{ id: 1 }] } });
const numbered = (_asked: Asked, count: number): Told => ({ body: { data: { token: `st-${count}` } } });

describe('a session token', () => {
  const session = (provider: Provider, more: JsonObject = {}): JsonObject => ({
    type: 'SessionTokenAuthenticator',
    login_requester: {
      ...{ type: 'HttpRequester', url_base: provider.url, path: 'login', http_method: 'POST' },
      authenticator: { type: 'BasicHttpAuthenticator', username: 'me', password: "{{ config['password'] }}" },
      request_body_json: { user: "{{ config['user'] }}" },
    },
    session_token_path: ['data', 'token'],
    expiration_duration: 'PT1H',
    request_authentication: { type: 'Bearer' },
    ...more,
  });
  const config = { user: 'me', password: 's3cr3t' };

  it('comes from one login, serves until it ends by the clock, and then from the next', async () => {
    const provider = await providerOf({ '/login': numbered, '/items': onePage });
    const { read, clock } = open(provider, session(provider), { config });
    await read();
    await read();
    clock.ms += 3_600_000;
    await read();
    expect(provider.to('/items').map(({ headers }) => headers.authorization)).toEqual([
      'Bearer st-1',
      'Bearer st-1',
      'Bearer st-2',
    ]);
    const [login] = provider.to('/login');
    expect(login?.headers.authorization).toBe(`Basic ${Buffer.from('me:s3cr3t').toString('base64')}`);
    expect(JSON.parse(login?.body ?? '')).toEqual({ user: 'me' });
  });

  it('that the source refuses is replaced once', async () => {
    const provider = await providerOf({
      '/login': numbered,
      '/items': ({ headers }) => (headers.authorization === 'Bearer st-2' ? onePage() : { status: 401 }),
    });
    expect(await open(provider, session(provider), { config }).read()).toHaveLength(1);
    expect(provider.to('/login')).toHaveLength(2);
  });

  it('goes where the manifest puts it, in the shape that it says', async () => {
    const places: [JsonObject, (asked: Asked) => unknown][] = [
      [{ inject_into: 'header', field_name: 'X-Session' }, ({ headers }) => headers['x-session']],
      [{ inject_into: 'request_parameter', field_name: 'session' }, ({ query }) => query['session']],
      [{ inject_into: 'cookie', field_name: 'sid' }, ({ headers }) => headers.cookie?.replace('sid=', '')],
    ];
    for (const [place, seen] of places) {
      const provider = await providerOf({ '/login': numbered, '/items': onePage });
      const shape = { type: 'ApiKey', inject_into: { type: 'RequestOption', ...place } };
      await open(provider, session(provider, { request_authentication: shape }), { config }).read();
      const shaped = { ...shape, api_token: 'Token {{ session_token }}' };
      await open(provider, session(provider, { request_authentication: shaped }), { config }).read();
      expect(provider.to('/items').map(seen)).toEqual(['st-1', 'Token st-2']);
    }
  });

  it('is shared by sources of one connection, and not with another configuration', async () => {
    const provider = await providerOf({ '/login': numbered, '/items': onePage });
    const credentials = createMemoryVault();
    await open(provider, session(provider), { config, credentials }).read();
    await open(provider, session(provider), { config, credentials }).read();
    await open(provider, session(provider), { config: { ...config, password: 'other' }, credentials }).read();
    expect(provider.to('/login')).toHaveLength(2);
  });

  it('of no stated life is used for a minute, not fetched for every request', async () => {
    const provider = await providerOf({ '/login': numbered, '/items': onePage });
    const { expiration_duration: _none, ...rest } = session(provider);
    const { read, clock } = open(provider, rest, { config });
    await read();
    await read();
    clock.ms += 60_000;
    await read();
    expect(provider.to('/login')).toHaveLength(2);
  });

  it('is not to be had with refused credentials, and the error shows none of them', async () => {
    const provider = await providerOf({ '/login': () => ({ status: 401, body: { message: 'not s3cr3t' } }), '/items': onePage });
    const error = await open(provider, session(provider), { config, secrets: ['password'] })
      .read()
      .then(
        () => null,
        (thrown: Error) => thrown,
      );
    expect(error).toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
    expect(JSON.stringify([error, String(error)])).not.toContain('s3cr3t');
    expect(provider.to('/items')).toHaveLength(0);
  });
});

describe('a legacy session token', () => {
  const legacy: JsonObject = {
    ...{ type: 'LegacySessionTokenAuthenticator', header: 'X-Session', login_url: '/login', validate_session_url: '/me' },
    ...{ session_token_response_key: 'id', session_token: "{{ config['token'] }}" },
    ...{ username: "{{ config['user'] }}", password: "{{ config['password'] }}" },
  };
  const config = { token: 'mine', user: 'me', password: 's3cr3t' };
  const sent = (provider: Provider): unknown[] => provider.to('/items').map(({ headers }) => headers['x-session']);

  it('of the configuration is used while the source knows it', async () => {
    const provider = await providerOf({ '/me': () => ({}), '/items': onePage });
    const { read } = open(provider, legacy, { config });
    await read();
    await read();
    expect(sent(provider)).toEqual(['mine', 'mine']);
    expect(provider.to('/me').map(({ headers }) => headers['x-session'])).toEqual(['mine']);
  });

  it('comes from a login where there is none, or it is not known any more', async () => {
    const provider = await providerOf({
      '/me': () => ({ status: 401 }),
      '/login': () => ({ body: { id: 'new' } }),
      '/items': onePage,
    });
    await open(provider, legacy, { config }).read();
    await open(provider, legacy, { config: { user: 'me', password: 's3cr3t' } }).read();
    expect(sent(provider)).toEqual(['new', 'new']);
    expect(provider.to('/login').map(({ body }) => JSON.parse(body) as unknown)[0]).toEqual({
      username: 'me',
      password: 's3cr3t',
    });
    await expect(open(provider, legacy, { config: { token: 'mine' } }).read()).rejects.toMatchObject({
      code: 'SOURCE_AUTH_FAILED',
    });
  });
});

describe('an API key', () => {
  const key = (place: JsonObject): JsonObject => ({
    ...{ type: 'ApiKeyAuthenticator', api_token: "{{ config['key'] }}" },
    inject_into: { type: 'RequestOption', ...place },
  });
  const config = { key: 'k-1' };

  it.each<[string, JsonObject, (asked: Asked) => unknown]>([
    ['a header', { inject_into: 'header', field_name: 'X-Key' }, ({ headers }) => headers['x-key']],
    ['the query', { inject_into: 'request_parameter', field_name: 'key' }, ({ query }) => query['key']],
    ['a cookie', { inject_into: 'cookie', field_name: 'key' }, ({ headers }) => headers.cookie?.slice('key='.length)],
    ['a form', { inject_into: 'body_data', field_name: 'key' }, ({ form }) => form['key']],
    [
      'a JSON body',
      { inject_into: 'body_json', field_path: ['auth', 'key'] },
      ({ body }) => (JSON.parse(body) as { auth: { key: string } }).auth.key,
    ],
  ])('goes into %s', async (_where, place, seen) => {
    const provider = await providerOf({ '/items': onePage });
    await open(provider, key(place), { config }).read();
    expect(seen(provider.to('/items')[0]!)).toBe('k-1');
  });
});

describe('a choice of authenticators', () => {
  const choice: JsonObject = {
    type: 'SelectiveAuthenticator',
    authenticator_selection_path: ['auth', 'kind'],
    authenticators: {
      key: { type: 'ApiKeyAuthenticator', header: 'X-Key', api_token: "{{ config['auth']['key'] }}" },
      True: { type: 'BearerAuthenticator', api_token: 'b' },
    },
  };

  it('is made by the configuration', async () => {
    const provider = await providerOf({ '/items': onePage });
    await open(provider, choice, { config: { auth: { kind: 'key', key: 'k' } } }).read();
    await open(provider, choice, { config: { auth: { kind: true } } }).read();
    expect(provider.to('/items').map(({ headers }) => headers['x-key'] ?? headers.authorization)).toEqual(['k', 'Bearer b']);
  });

  it('that is missing or unknown is told with the path and the choices', async () => {
    const provider = await providerOf({ '/items': onePage });
    for (const auth of [{}, { kind: 'other' }] as JsonObject[])
      await expect(open(provider, choice, { config: { auth } }).read()).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        errors: [{ path: '/auth/kind', allowed: ['key', 'True'] }],
      });
  });
});
