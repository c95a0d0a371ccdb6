import { describe, expect, it } from '@jest/globals';
import { ChunkSizer } from './chunk-size.policy.js';

const most = { rows: 80_000, bytes: 32_000_000, ms: 5_000 };
const commit = (rows: number, ms: number, bytes = rows * 100) => ({ rows, bytes, ms });

describe('ChunkSizer', () => {
  it('begins with a quarter of the limits, and grows to them while full chunks are committed quickly', () => {
    const sizer = new ChunkSizer(most);
    expect(sizer.limits).toEqual({ rows: 20_000, bytes: 8_000_000, ms: 5_000 });
    const sizes = [20_000, 40_500, 80_000, 80_000].map((rows) => {
      sizer.observe(commit(rows, 20));
      return sizer.limits.rows;
    });
    expect(sizes).toEqual([40_000, 80_000, 80_000, 80_000]);
  });

  it('is halved by commits that take long, down to a sixty-fourth of the limits', () => {
    const sizer = new ChunkSizer(most);
    const sizes = [20_000, 10_000, 5_000, 2_500, 1_250].map((rows) => {
      sizer.observe(commit(rows, 3_000));
      return sizer.limits.rows;
    });
    expect(sizes).toEqual([10_000, 5_000, 2_500, 1_250, 1_250]);
  });

  it('stays where a commit takes neither long nor short, and where the chunk was not full', () => {
    const sizer = new ChunkSizer(most);
    sizer.observe(commit(20_000, 400));
    sizer.observe(commit(19_000, 5));
    sizer.observe(undefined);
    expect(sizer.limits.rows).toBe(20_000);
  });

  it('grows by bytes where rows are wide', () => {
    const sizer = new ChunkSizer(most);
    sizer.observe(commit(2_000, 40, 8_100_000));
    expect(sizer.limits).toMatchObject({ rows: 40_000, bytes: 16_000_000 });
  });

  it('judges a commit once, and none that was cut before the size was halved', () => {
    const sizer = new ChunkSizer(most);
    const slow = commit(20_000, 9_000);
    sizer.observe(slow);
    sizer.observe(slow);
    sizer.observe(commit(20_500, 9_000));
    expect(sizer.limits.rows).toBe(10_000);
  });

  it('begins small after a failure, and recovers', () => {
    const sizer = new ChunkSizer(most, { failures: 1 });
    expect(sizer.limits.rows).toBe(5_000);
    sizer.observe(commit(5_000, 30));
    expect(sizer.limits.rows).toBe(10_000);
  });

  it('has at least one row and one byte', () => {
    expect(new ChunkSizer({ rows: 1, bytes: 1, ms: 5 }, { failures: 3 }).limits).toEqual({ rows: 1, bytes: 1, ms: 5 });
  });
});
