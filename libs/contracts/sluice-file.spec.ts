import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { sluiceFileSchemaText } from './sluice-file-schema-text.js';

test('the published schema of sluice.yaml is that of the code: `npm run docs` writes it', () => {
  expect(JSON.parse(readFileSync('docs/sluice.schema.json', 'utf8'))).toEqual(JSON.parse(sluiceFileSchemaText()));
});
