import { describe, expect, test } from '@jest/globals';
import { Decimal } from '../json/index.js';
import { compareCursors, cursorValue } from './compare-cursor.js';

const sign = (order: 'text' | 'number', left: unknown, right: unknown): number => {
  const [a, b] = [cursorValue(left, order), cursorValue(right, order)];
  if (a === null || b === null) throw new Error('no cursor');
  return Math.sign(compareCursors(order)(a, b));
};

describe('as numbers', () => {
  test.each([
    [2, 10, -1],
    ['2', 10, -1],
    [10, '10', 0],
    ['9007199254740993', 9007199254740992n, 1],
    [1.5, 1, 1],
    [new Decimal('2.5'), 2, 1],
    ['-3', 2, -1],
  ])('%s and %s', (left, right, result) => {
    expect(sign('number', left, right)).toBe(result);
  });

  test.each([null, undefined, 'x', '', NaN, {}, [], true])('%p is none', (value) => {
    expect(cursorValue(value, 'number')).toBeNull();
  });
});

describe('as text', () => {
  test.each([
    ['2026-01-02', '2026-01-10', -1],
    ['b', 'B', 1],
    [2, '10', 1],
    ['a', 'a', 0],
  ])('%s and %s', (left, right, result) => {
    expect(sign('text', left, right)).toBe(result);
  });

  test.each([null, undefined, {}, []])('%p is none', (value) => {
    expect(cursorValue(value, 'text')).toBeNull();
  });
});
