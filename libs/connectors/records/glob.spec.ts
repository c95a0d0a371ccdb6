import { describe, expect, it } from '@jest/globals';
import { stepTest } from './glob.js';
import { AmbiguousPath, matches, valueAt } from './paths.js';

describe('a step’s pattern', () => {
  // As Python's fnmatch.fnmatchcase says.
  it.each<[string, string, boolean]>([
    ['*', '', true],
    ['a*', 'abc', true],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['?', 'a', true],
    ['?', '', false],
    ['[ab]c', 'bc', true],
    ['[!ab]c', 'bc', false],
    ['[a-c]x', 'bx', true],
    ['[]]', ']', true],
    ['[!]]', ']', false],
    ['[a', '[a', true],
    ['a.b', 'axb', false],
    ['x[-]y', 'x-y', true],
    ['*a*b*', 'zzazzbzz', true],
  ])('%s on %j: %s', (pattern, step, expected) => expect(stepTest(pattern)(step)).toBe(expected));

  it('takes no time to speak of, however many stars it has', () => {
    const begun = performance.now();
    expect(stepTest(`${'*a'.repeat(1_000)}*b`)('a'.repeat(20_000))).toBe(false);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

describe('a path', () => {
  it('has one "**" at most, as in dpath: more would find places without end', () => {
    expect(() => [...matches({ a: { b: 1 } }, ['**', '**'])]).toThrow(AmbiguousPath);
  });

  it('counts items of lists, and does not look into numbers that kept their digits', () => {
    expect(valueAt({ a: [1, 2] }, ['a', '-1'])).toBe(2);
    expect(valueAt({ a: [1, 2] }, ['a', '2'])).toBeUndefined();
    expect(valueAt({ a: '12' }, ['a', '0'])).toBeUndefined();
  });
});
