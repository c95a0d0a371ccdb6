import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

const GOLDEN = join(import.meta.dirname, '../../docs/openapi.json');
type Operation = {
  operationId: string;
  responses: Record<string, { content?: Record<string, { examples?: object }> }>;
  security?: unknown[];
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
