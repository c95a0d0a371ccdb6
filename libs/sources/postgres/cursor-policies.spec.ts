import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addWindow, progressOf, windowsUpTo, type CursorWindow } from './cursor-state.policy.js';
import { closeNumber, closeTime, isSettled, timeBound, type Observation } from './cursor-window.policy.js';

const EMPTY = progressOf(null, { name: 'n', order: 'number' });
const holds = ({ from, to, inclusive }: CursorWindow, value: number): boolean =>
  (from === null || value >= Number(from)) && (value < Number(to) || (inclusive && value === Number(to)));

describe('where a read by a time ends', () => {
  const calm: Observation = { clock: 1_000n, oldest: null, hidden: 0, prepared: 0, xmin: 5n, xmax: 5n };
  it('is the lag below the clock, or below the oldest transaction', () => {
    expect(closeTime(calm, 10n)).toEqual({ end: 990n, xmax: null, startedBy: null });
    expect(closeTime({ ...calm, oldest: 400n }, 10n).end).toBe(390n);
    expect(closeTime({ ...calm, oldest: 2_000n }, 10n).end).toBe(990n);
  });
  it('waits for whoever has written where sessions are hidden or transactions prepared', () => {
    expect(closeTime({ ...calm, hidden: 1 }, 0n).xmax).toBe('5');
    expect(closeTime({ ...calm, prepared: 1 }, 0n).xmax).toBe('5');
  });
  it('has microseconds, before the epoch too', () => {
    expect(timeBound(1_767_323_045_000_006n)).toBe('2026-01-02 03:04:05.000006');
    expect(timeBound(-1n)).toBe('1969-12-31 23:59:59.999999');
  });
});

it('a read by a number waits until no transaction runs that ran when its end was seen', () => {
  const seen: Observation = { clock: 100n, oldest: 50n, hidden: 0, prepared: 0, xmin: 7n, xmax: 9n };
  const closing = closeNumber('42', seen);
  expect(closing.upper).toBe('42');
  expect(isSettled(closing, { oldest: 50n, xmin: 9n })).toBe(false);
  expect(isSettled(closing, { oldest: 101n, xmin: 8n })).toBe(false);
  expect(isSettled(closing, { oldest: 101n, xmin: 9n })).toBe(true);
  expect(isSettled(closing, { oldest: null, xmin: 12n })).toBe(true);
});

it('runs with failed slices, in any order, read every value, and again only at their ends', () => {
  const run = fc.record({
    grows: fc.nat({ max: 20 }),
    cuts: fc.array(fc.integer({ min: -5, max: 120 }), { maxLength: 6 }),
    fails: fc.array(fc.boolean(), { maxLength: 12 }),
    reversed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 6 }), (runs) => {
      let [progress, upper] = [EMPTY, 0];
      const reads = new Map<number, number>();
      const ends = new Set<number>();
      for (const [n, { grows, cuts, fails, reversed }] of [
        ...runs,
        { grows: 0, cuts: [], fails: [], reversed: false },
      ].entries()) {
        upper += grows;
        ends.add(upper);
        const windows = windowsUpTo(progress, String(upper), cuts.map(String));
        for (let value = -5; value <= upper; value += 1)
          expect(windows.filter((window) => holds(window, value)).length).toBeLessThanOrEqual(1);
        const order = reversed ? windows.toReversed() : windows;
        for (const [index, window] of order.entries()) {
          if (n < runs.length && fails[index] === true) continue;
          for (let value = -5; value <= upper; value += 1)
            if (holds(window, value)) reads.set(value, (reads.get(value) ?? 0) + 1);
          progress = addWindow(addWindow(progress, window), window);
        }
      }
      expect(progress).toMatchObject({ upto: String(upper), done: [] });
      for (let value = -5; value <= upper; value += 1) {
        expect(reads.get(value) ?? 0).toBeGreaterThanOrEqual(1);
        if (!ends.has(value)) expect(reads.get(value)).toBe(1);
      }
    }),
    { numRuns: 150 },
  );
});

it('by a time nothing is read twice, and nothing where nothing can be new', () => {
  const times = progressOf(null, { name: 't', order: 'text' });
  const [first] = windowsUpTo(times, '2026-01-01 00:00:00.000000', []);
  expect(first).toEqual({ from: null, to: '2026-01-01 00:00:00.000000', inclusive: false });
  const after = addWindow(times, first as CursorWindow);
  expect(windowsUpTo(after, '2026-01-01 00:00:00.000000', [])).toEqual([]);
  expect(windowsUpTo(after, '2025-01-01 00:00:00.000000', [])).toEqual([]);
  expect(windowsUpTo(after, '2026-01-02 00:00:00.000000', [])).toEqual([
    { from: '2026-01-01 00:00:00.000000', to: '2026-01-02 00:00:00.000000', inclusive: false },
  ]);
});
