import { expect, it } from '@jest/globals';
import { inBrackets } from './form-brackets.js';

it('a form’s objects and lists become names with brackets; what has no value is left out', () => {
  const fields = { a: 1, b: { c: 'x', d: { e: true } }, f: ['y', { g: false }], h: null, i: [], j: {} };
  expect(inBrackets(Object.entries(fields))).toEqual([
    ['a', 1],
    ['b[c]', 'x'],
    ['b[d][e]', 'true'],
    ['f[0]', 'y'],
    ['f[1][g]', 'false'],
  ]);
});
