import { expect, test } from '@jest/globals';
import { afterRefusal, afterSuccess, backoffMs, blockAfter, staggerMs, troubleLevel } from './block.policy.js';
import { BlockView } from './block-view.js';
import type { ObservedWindow } from './provider-headers.js';

const word = (retryAfterMs: number | null, ...windows: ObservedWindow[]) => ({ retryAfterMs, windows });
const empty: ObservedWindow = { name: 'w', limit: 10, remaining: 0, resetMs: 4_000 };

test('a refusal is obeyed in the provider’s words, else by its exhausted window, else by a growing guess', () => {
  expect(blockAfter({ status: 429, word: word(2_000, empty), level: 3 })).toBe(2_000);
  expect(blockAfter({ status: 429, word: word(null, empty), level: 3 })).toBe(4_000);
  expect(blockAfter({ status: 429, word: word(0), level: 3 })).toBe(8_000);
  expect([0, 1, 2, 10, 99].map(backoffMs)).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
});

test('a success blocks only when it says that nothing is left', () => {
  expect(blockAfter({ status: 200, word: word(null, empty), level: 0 })).toBe(4_000);
  expect(blockAfter({ status: 200, word: word(null, { ...empty, remaining: 1 }), level: 0 })).toBeNull();
  expect(blockAfter({ status: 200, word: word(9_000), level: 0 })).toBeNull();
  expect(blockAfter({ status: null, word: word(null), level: 0 })).toBeNull();
});

test('an unavailable service is left alone for as long as it asks', () => {
  expect(blockAfter({ status: 503, word: word(3_000), level: 0 })).toBe(3_000);
  expect(blockAfter({ status: 503, word: word(null), level: 0 })).toBeNull();
});

test('refusals of calls that were under way do not lengthen the wait, later ones do, and calm forgets', () => {
  const first = afterRefusal({ last: undefined, startedMs: 0, nowMs: 100, blockMs: 1_000 });
  expect(first.level).toBe(1);
  expect(afterRefusal({ last: first, startedMs: 50, nowMs: 120, blockMs: 1_000 })).toBe(first);
  expect(afterRefusal({ last: first, startedMs: 1_100, nowMs: 1_200, blockMs: 2_000 }).level).toBe(2);
  expect(troubleLevel(first, 100_000)).toBe(0);
});

test('each success after a block takes back one refusal; one of a call from before it does not', () => {
  const third = { level: 3, sinceMs: 1_000, untilMs: 5_000 };
  expect(afterSuccess({ last: third, startedMs: 4_999 })).toBe(third);
  const second = afterSuccess({ last: third, startedMs: 5_000 });
  expect(second).toEqual({ ...third, level: 2 });
  expect(afterSuccess({ last: afterSuccess({ last: second, startedMs: 5_001 }), startedMs: 5_002 })).toBeUndefined();
  expect(afterSuccess({ last: undefined, startedMs: 0 })).toBeUndefined();
});

test('waiters go on one after the other', () => {
  expect(staggerMs({ index: 0, random: 0.5 })).toBe(50);
  expect(staggerMs({ index: 3, random: 0.5 })).toBe(350);
  expect(staggerMs({ index: 900, random: 0 })).toBe(2_000);
});

test('a window only tightens until it resets, then it is forgotten', () => {
  const view = new BlockView();
  view.observe('a', [{ name: 'w', limit: 10, remaining: 2, resetMs: 1_000 }], 0);
  view.observe('a', [{ name: 'w', limit: 10, remaining: 9, resetMs: 1_000 }], 10);
  view.spend('a', 2);
  expect(view.waitMs('a', 400)).toBe(600);
  expect(view.waitMs('a', 1_000)).toBe(0);
  view.observe('a', [{ name: 'w', limit: 10, remaining: 9, resetMs: 1_000 }], 1_001);
  expect(view.waitMs('a', 1_001)).toBe(0);
});

test('a shorter block does not end a longer one', () => {
  const view = new BlockView();
  expect(view.block({ workspaceId: 'w', account: 'a', remainingMs: 5_000 }, 0)).toBe(true);
  expect(view.block({ workspaceId: 'w', account: 'a', remainingMs: 1_000 }, 0)).toBe(false);
  expect(view.waitMs('w/a', 2_000)).toBe(3_000);
  expect(view.waitMs('w/a', 5_000)).toBe(0);
});
