import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { flowSchemaText } from './flow-schema-text.js';

test('the published schema of flows is that of the code: `npm run docs` writes it', () => {
  expect(JSON.parse(readFileSync('docs/flow.schema.json', 'utf8'))).toEqual(JSON.parse(flowSchemaText()));
});
