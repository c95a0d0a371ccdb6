import { expect, test } from '@jest/globals';
import { atOnce } from './index.js';

test('keeps the order of the items, and to its limit', async () => {
  let under = 0;
  let most = 0;
  const results = await atOnce(3, [5, 1, 4, 2, 3], async (n) => {
    most = Math.max(most, (under += 1));
    for (let turn = 0; turn < n; turn++) await Promise.resolve();
    under -= 1;
    return n * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(3);
});

test('throws the first error when nothing is under way any more, and begins nothing after it', async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = atOnce(2, [1, 2, 3, 4], async (n) => {
    begun.push(n);
    if (n === 1) throw new Error('one');
    await new Promise((resolve) => setImmediate(resolve));
    ended += 1;
  });
  await expect(work).rejects.toThrow('one');
  expect(begun).toEqual([1, 2]);
  expect(ended).toBe(1);
});
