import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ApiClient } from '../support/api-client.js';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

const GOLDEN = join(import.meta.dirname, '../../docs/openapi.json');
interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  parameters?: { name: string; in: string; description?: string }[];
  responses: Record<string, { description: string; content?: Record<string, { examples?: Record<string, { value: unknown }> }> }>;
  security?: unknown[];
  'x-api-key-scopes'?: string[];
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}
const operationsOf = ({ paths }: Document): Operation[] => Object.values(paths).flatMap((item) => Object.values(item));

let world: ApiWorld;
let text: string;
/** Of one connector's actions. */
let actions: Document;
beforeAll(async () => {
  world = await startApiWorld();
  text = `${JSON.stringify((await world.client.get('/v1/openapi.json')).body, null, 2)}\n`;
  actions = (await world.client.get('/v1/connectors/demo-shop/openapi.json')).body as unknown as Document;
});
afterAll(() => world?.stop());

/** UPDATE_GOLDEN=1 writes the file anew: look at the difference before it is committed, callers depend on it. */
test('the OpenAPI document is the one in docs/openapi.json', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(GOLDEN, 'utf8')));
});

test('every operation names its scopes, and asks each key for one of them', async () => {
  const { paths } = JSON.parse(text) as Document;
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

test('every operation has an id of its own, words, and problems with examples that fit their schema', () => {
  const document = JSON.parse(text) as Document;
  const operations = operationsOf(document);
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const isProblem = compilerOf(document).getSchema('document#/components/schemas/Problem');
  for (const { operationId, summary, tags, parameters = [], responses, security } of operations) {
    const open = security !== undefined && security.length === 0;
    const problems = Object.values(responses).map(({ content }) => content?.['application/problem+json']?.examples ?? {});
    expect({ operationId, unauthorized: problems.some((examples) => 'UNAUTHORIZED' in examples) }).toEqual({
      operationId,
      unauthorized: !open,
    });
    for (const { value } of problems.flatMap((examples) => Object.values(examples)))
      expect({ operationId, fits: isProblem?.(value), errors: isProblem?.errors }).toEqual({
        operationId,
        fits: true,
        errors: null,
      });
    expect([operationId, summary, tags]).toEqual([operationId, expect.stringMatching(/./), [expect.any(String)]]);
    for (const { description } of [...parameters, ...Object.values(responses)])
      expect([operationId, description]).toEqual([operationId, expect.stringMatching(/./)]);
    const names = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`);
    expect([operationId, names]).toEqual([operationId, [...new Set(names)]]);
  }
});

test('paths name their parameters, and no two of them mean the same', () => {
  const { paths } = JSON.parse(text) as Document;
  const shapes = Object.keys(paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
  expect(new Set(shapes).size).toBe(shapes.length);
  for (const [path, item] of Object.entries(paths))
    for (const { operationId, parameters = [] } of Object.values(item)) {
      const named = parameters.flatMap((parameter) => (parameter.in === 'path' ? [parameter.name] : [])).sort();
      const asked = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      expect({ operationId, named }).toEqual({ operationId, named: asked });
    }
});

/** As OpenAPI 3.1 has schemas: JSON schema of 2020-12. */
function compilerOf(document: Document): InstanceType<typeof Ajv2020> {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, validateFormats: false });
  for (const word of ['components', 'paths', 'info', 'servers', 'security', 'tags', 'openapi', 'example']) ajv.addKeyword(word);
  ajv.addSchema({ $id: 'document', ...document });
  return ajv;
}
const refsIn = (value: unknown): string[] =>
  value === null || typeof value !== 'object'
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner)));

test('schemas are JSON schemas, refer to what is there, and are all in use', () => {
  for (const document of [JSON.parse(text) as Document, actions]) {
    expect(document.openapi).toBe('3.1.0');
    const refs = new Set(refsIn(document));
    expect([...refs].filter((ref) => !(ref.replace('#/components/schemas/', '') in document.components.schemas))).toEqual([]);
    if (document === actions) continue;
    const ajv = compilerOf(document);
    for (const name of Object.keys(document.components.schemas)) {
      expect([name, refs.has(`#/components/schemas/${name}`)]).toEqual([name, true]);
      expect(() => ajv.getSchema(`document#/components/schemas/${name}`)).not.toThrow();
    }
  }
});
