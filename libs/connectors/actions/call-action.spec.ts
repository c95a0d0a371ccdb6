import { describe, expect, it } from '@jest/globals';
import type { HttpClient, HttpRequest } from '../../contracts/http.port.js';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { createMemoryVault } from '../auth/memory-vault.js';
import { compileManifest } from '../compile-manifest.js';
import { compileSluice } from './compile-actions.js';
import { createDeclarativeActions } from './declarative-actions.js';

const manifest = {
  version: '6.1.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['things'] },
  definitions: {
    requester: {
      type: 'HttpRequester',
      url_base: 'https://api.test',
      authenticator: {
        ...{ type: 'OAuthAuthenticator', token_refresh_endpoint: 'https://api.test/token', grant_type: 'client_credentials' },
        ...{ client_id: 'me', client_secret: 'hush' },
      },
    },
  },
  streams: [
    {
      ...{ type: 'DeclarativeStream', name: 'things' },
      schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
      retriever: {
        type: 'SimpleRetriever',
        requester: { $ref: '#/definitions/requester', path: '/things' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
      },
    },
  ],
} as unknown as JsonObject;
const file: JsonObject = {
  version: 1,
  requester: '#/definitions/requester',
  actions: { make: { input: { type: 'object' }, request: { path: '/things', json: { a: 1 } } } },
};

/** What the provider answers to calls, by the token that they carry; tokens are `t1`, `t2`, …, and `tokens` of them are given out. */
async function make(answers: Record<string, number>, tokens = 9) {
  let given = 0;
  let admissions = 0;
  const calls: string[] = [];
  const answer = (status: number, value: object) => ({
    ...{ status, headers: {}, url: 'https://api.test', bytes: 0 },
    body: Buffer.from(JSON.stringify(value)),
  });
  const http: HttpClient = {
    async send({ url, headers, admitted }: HttpRequest) {
      if (url.endsWith('/token'))
        return given < tokens ? answer(200, { access_token: `t${++given}`, expires_in: 3_600 }) : answer(400, {});
      await admitted?.();
      const token = String(headers['Authorization']).replace('Bearer ', '');
      calls.push(token);
      return answer(answers[token] ?? 500, { ok: true });
    },
  };
  const model = compileManifest(manifest);
  const options = { model, actions: compileSluice(manifest, file).actions, config: {}, http, credentials: createMemoryVault() };
  const admitted = async (): Promise<void> => {
    // As in the ledger: a try is sent once.
    if (++admissions > 1) throw new Error('the try was sent already');
  };
  const { signal } = new AbortController();
  const outcome = createDeclarativeActions(options).call({ action: 'make', input: {}, key: 'k', signal, admitted });
  return { outcome: await outcome.catch((error: unknown) => error), calls };
}

describe('a call whose credential is refused', () => {
  it('is made with a renewed one, as the same try', async () => {
    const { outcome, calls } = await make({ t1: 401, t2: 201 });
    expect(outcome).toMatchObject({ kind: 'succeeded', status: 201 });
    expect(calls).toEqual(['t1', 't2']);
  });

  it('again has failed: nothing was done', async () => {
    const { outcome, calls } = await make({ t1: 401, t2: 401 });
    expect(outcome).toMatchObject({ kind: 'failed', status: 401, error: { code: 'SOURCE_AUTH_FAILED' } });
    expect(calls).toEqual(['t1', 't2']);
  });

  it('is in no doubt where there is no other', async () => {
    const { outcome, calls } = await make({ t1: 401 }, 1);
    expect(outcome).toBeInstanceOf(SluiceError);
    expect(outcome).toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
    expect(calls).toEqual(['t1']);
  });
});
