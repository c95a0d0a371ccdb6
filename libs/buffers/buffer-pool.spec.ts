import { describe, expect, it } from '@jest/globals';
import { BufferPool } from './buffer-pool.js';

describe('BufferPool', () => {
  it('gives a buffer that came back to who asks next', () => {
    const pool = new BufferPool();
    const first = pool.take(100);
    const second = pool.take(100);
    expect(second.buffer).not.toBe(first.buffer);
    pool.give(first);
    expect(pool.take(80)).toBe(first);
  });

  it('forgets what is too small', () => {
    const pool = new BufferPool();
    const small = pool.take(10);
    pool.give(small);
    expect(pool.take(11)).not.toBe(small);
    expect(pool.take(10)).not.toBe(small);
  });

  it('holds no more than it is told to', () => {
    const pool = new BufferPool(1);
    const [one, other] = [pool.take(10), pool.take(10)];
    pool.give(one);
    pool.give(other);
    expect(pool.take(10)).toBe(one);
    expect(pool.take(10)).not.toBe(other);
  });
});
