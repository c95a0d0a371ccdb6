import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runTemplateVector } from './template-vectors.js';

const shared =
  [process.env['SLUICE_SHARED'], '../shared'].find((folder) => folder !== undefined && existsSync(folder)) ?? 'nowhere';
const golden = join(shared, 'conformance/templates/golden.jsonl');

(existsSync(golden) ? describe : describe.skip)('recorded evaluations of the reference', () => {
  it('are all met', () => {
    const missed = readFileSync(golden, 'utf8')
      .trim()
      .split('\n')
      .map(runTemplateVector)
      .filter(({ ok }) => !ok);
    expect(missed).toEqual([]);
  });
});
