import { expect, test } from '@jest/globals';
import { JoinedLooks } from './joined-looks.js';

/** Looks that end when told to. */
function played() {
  const ends: ((found: number | Error) => void)[] = [];
  const find = (): Promise<number> =>
    new Promise((done, failed) => void ends.push((found) => (found instanceof Error ? failed(found) : done(found))));
  return { ends, find };
}

test('who asks during a look gets what the next one finds, together with all who did; then nothing is kept', async () => {
  const looks = new JoinedLooks<number>();
  const { ends, find } = played();
  const first = looks.look('a', find);
  const during = [looks.look('a', find), looks.look('a', find)];
  const other = looks.look('b', find);
  expect(ends).toHaveLength(2);
  ends[1]?.(10);
  expect(await other).toBe(10);
  ends[0]?.(1);
  expect(await first).toBe(1);
  expect(ends).toHaveLength(3);
  ends[2]?.(2);
  expect(await Promise.all(during)).toEqual([2, 2]);
  const later = looks.look('a', find);
  ends[3]?.(3);
  expect(await later).toBe(3);
});

test('a look that failed is told to who waited for it, and the next one begins all the same', async () => {
  const looks = new JoinedLooks<number>();
  const { ends, find } = played();
  const first = looks.look('a', find);
  const next = looks.look('a', find);
  ends[0]?.(new Error('away'));
  await expect(first).rejects.toThrow('away');
  ends[1]?.(2);
  expect(await next).toBe(2);
});
