import { expect, test } from '@jest/globals';
import { encodeCursor, numberCursor, pageOfRows, textCursor } from './cursor.js';

test('a cursor goes back to where it came from, and to no other list', () => {
  expect(numberCursor('runs', encodeCursor('runs', 7))).toBe(7);
  expect(textCursor('connectors', encodeCursor('connectors', 'shop'))).toBe('shop');
  expect(numberCursor('runs', undefined)).toBeNull();
  for (const cursor of [encodeCursor('syncs', 7), encodeCursor('runs', 'x'), 'garbage', ''])
    expect(() => numberCursor('runs', cursor)).toThrow('breaks a rule');
});

test('the row too many tells that there is more and is not shown', () => {
  const page = (rows: number[]) => pageOfRows('n', { rows, limit: 2, after: (row) => row, view: String });
  expect(page([1, 2])).toEqual({ data: ['1', '2'], next_cursor: null });
  expect(page([1, 2, 3])).toEqual({ data: ['1', '2'], next_cursor: encodeCursor('n', 2) });
});
