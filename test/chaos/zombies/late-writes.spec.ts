import { describe, expect, it } from '@jest/globals';
import { lateWrites } from './late-writes.js';

const line = (slice_id: string, seq: number, fence: number) => ({ slice_id, seq, fence });

describe('late writes', () => {
  it('are none when fences only rise within a slice', () => {
    expect(lateWrites([line('a', 1, 1), line('a', 2, 1), line('a', 3, 2), line('b', 1, 1)])).toEqual([]);
  });

  it('are the chunks of an older attempt behind those of a newer one', () => {
    expect(lateWrites([line('a', 1, 1), line('a', 2, 2), line('a', 3, 1), line('a', 4, 2)])).toEqual([line('a', 3, 1)]);
  });
});
