import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findCorpus } from './corpus.js';
import { playCase } from './play-case.js';

/** `npm run conformance` plays all of them; without a corpus beside the checkout these tests are skipped. */
const corpus = findCorpus();

/** Chosen for what they use: paging, windows, partitions with state, errors to retry, transformations, big numbers. */
const CASES = ['luma', 'mailersend', 'mention', 'circleci', 'shortio', 'youtube-data', 'gutendex', 'bitly'];

(corpus === undefined ? describe.skip : describe)('reading real manifests as the reference does', () => {
  it.each(CASES)('%s', async (name) => {
    const root = corpus ?? '';
    const played = await playCase({ corpus: root, cases: join(root, 'cases'), name, program: false });
    expect(played.differences).toEqual([]);
  });

  it('luma, through bin/sluice', async () => {
    const root = corpus ?? '';
    // Where nothing is built there is no program.
    if (!existsSync('dist/apps/cli/main.js')) return;
    const played = await playCase({ corpus: root, cases: join(root, 'cases'), name: 'luma', program: true });
    expect(played.differences).toEqual([]);
  });
});
