import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

const GOLDEN = join(import.meta.dirname, '../../docs/openapi.json');
type Operation = {
  operationId: string;
  responses: Record<string, { content?: Record<string, { examples?: object }> }>;
  security?: unknown[];
  'x-api-key-scopes'?: string[];
};

let world: ApiWorld;
let text: string;
beforeAll(async () => {
  world = await startApiWorld();
  text = `${JSON.stringify((await world.client.get('/v1/openapi.json')).body, null, 2)}\n`;
});
afterAll(() => world?.stop());

/** UPDATE_GOLDEN=1 writes the file anew: look at the difference before it is committed, callers depend on it. */
test('the OpenAPI document is the one in docs/openapi.json', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(GOLDEN, 'utf8')));
});

test('every operation has an id of its own, problems with examples, and nothing refers to what is not there', () => {
  const document = JSON.parse(text) as { paths: Record<string, Record<string, Operation>>; components: { schemas: object } };
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { operationId, responses, security } of operations) {
    const open = security !== undefined && security.length === 0;
    expect({
      operationId,
      unauthorized: 'UNAUTHORIZED' in (responses['401']?.content?.['application/problem+json']?.examples ?? {}),
    }).toEqual({
      operationId,
      unauthorized: !open,
    });
  }
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    expect(Object.keys(document.components.schemas)).toContain(name);
});

test('every operation names its scopes, and asks each key for one of them', async () => {
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Operation>> };
  const keys = await Promise.all(
    ['read', 'operate', 'call'].map(async (scope) => {
      const { body } = await world.client.post('/v1/api-keys', { name: scope, scopes: [scope] });
      return { scope, client: new ApiClient(world.api.address, String(body['key'])) };
    }),
  );
  const nobody = '00000000-0000-4000-8000-000000000000';
  for (const [path, item] of Object.entries(paths))
    for (const [method, { operationId, security, 'x-api-key-scopes': scopes = [] }] of Object.entries(item)) {
      const open = security?.length === 0;
      expect({ operationId, named: scopes.length > 0 }).toEqual({ operationId, named: !open });
      for (const { scope, client } of open ? [] : keys.filter((key) => !scopes.includes(key.scope))) {
        const address = path.replaceAll(/\{\w+\}/g, nobody);
        const { status, body } = await client.call(method.toUpperCase(), address, method === 'get' ? undefined : {});
        expect({ operationId, scope, status, code: body.code }).toEqual({
          operationId,
          scope,
          status: 403,
          code: 'SCOPE_MISSING',
        });
      }
    }
});
