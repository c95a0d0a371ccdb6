import { describe, expect, it, test } from '@jest/globals';
import type { EarlierStreamRow } from '../store/index.js';
import {
  callsAtOnce,
  earlierRuns,
  outlookCalls,
  secondsByBudget,
  streamOutlook,
  syncOutlook,
  type Allowance,
  type NextStream,
} from './sync-forecast.policy.js';

/** A run's rows: calls by stream, those that were loaded from the beginning with a `!`. */
const run = (id: string, seconds: number, calls: Record<string, number>): EarlierStreamRow[] =>
  Object.entries(calls).map(([name, n]) => ({
    ...{ runId: id, finishedAt: new Date(0), seconds, calls: n },
    ...{ stream: name.replace('!', ''), anew: name.endsWith('!') },
  }));
const orders: NextStream = { stream: 'orders', incremental: true, anew: false };

describe('what a stream will need', () => {
  const history = [
    ...run('f', 1, { orders: 9 }),
    ...run('e', 1, { orders: 5 }),
    ...run('d', 1, { orders: 7 }),
    ...run('c', 1, { other: 80 }),
    ...run('b', 1, { orders: 30 }),
    ...run('a', 1, { 'orders!': 1_000 }),
  ];

  it('is the median of the runs that loaded it the same way', () => {
    expect(streamOutlook(orders, history)).toMatchObject({ loadsAnew: false, calls: 7, least: 5, most: 30, runs: 4 });
    expect(streamOutlook({ ...orders, anew: true }, history)).toMatchObject({ loadsAnew: true, calls: 1_000, runs: 1 });
  });

  it('is that of every run where each loads it from the beginning', () => {
    expect(streamOutlook({ ...orders, incremental: false }, history)).toMatchObject({
      ...{ loadsAnew: true, calls: 9, least: 5, most: 1_000, runs: 5 },
    });
  });

  it('is unknown without such a run, and so is the whole run', () => {
    const none = streamOutlook(orders, run('a', 1, { 'orders!': 1_000 }));
    expect(none).toEqual({ stream: 'orders', loadsAnew: false, calls: null, least: null, most: null, runs: 0 });
    expect(outlookCalls([streamOutlook(orders, history), none])).toMatchObject({ callsLeft: null, basis: 'unknown' });
    expect(outlookCalls([streamOutlook(orders, history)])).toMatchObject({ callsLeft: 7, basis: 'earlier_runs' });
  });

  it('is learnt from the latest five', () => {
    const many = [1, 2, 3, 4, 5, 600].flatMap((calls) => run(String(calls), 1, { orders: calls }));
    expect(streamOutlook(orders, many)).toMatchObject({ calls: 3, most: 5, runs: 5 });
  });
});

test('runs are learnt from as a whole where they loaded these streams, and each the same way', () => {
  const items: NextStream = { stream: 'items', incremental: false, anew: false };
  const history = [
    ...run('more', 90, { orders: 1, items: 1, third: 1 }),
    ...run('less', 80, { orders: 1 }),
    ...run('reset', 70, { 'orders!': 1, items: 1 }),
    ...run('like', 10, { orders: 2, items: 3 }),
    ...run('first', 60, { 'orders!': 1, 'items!': 1 }),
  ];
  expect(earlierRuns([orders, items], history)).toEqual([{ runId: 'like', finishedAt: new Date(0), calls: 5, seconds: 10 }]);
});

describe('what the budget makes of calls', () => {
  // One call in 100 ms; of a burst of ten, two are kept for actions.
  const rate = { kind: 'rate', name: 'r', points: 10, period_seconds: 1, burst: 10 } as const;
  const free: Allowance = { limits: [rate], aheadMs: {}, held: {}, share: 1, idleSeconds: 0 };

  it.each<[string, Partial<Allowance>, number, number]>([
    ['lets the burst go at once', {}, 8, 0],
    ['and then one after another', {}, 28, 2],
    ['less what is used', { aheadMs: { r: 500 } }, 28, 2.5],
    ['which may be more than syncs may use', { aheadMs: { r: 1_000 } }, 1, 0.3],
    ['gives a share of what is there, and of what comes', { share: 0.25 }, 8, 2.4],
    ['begins empty after a block', { idleSeconds: 30 }, 11, 31],
    ['takes the scarcest rate', { limits: [rate, { kind: 'rate', name: 's', points: 1, period_seconds: 1, burst: 1 }] }, 11, 10],
    ['needs no time for no calls', { aheadMs: { r: 1_000 } }, 0, 0],
  ])('%s', (_, more, calls, seconds) => {
    expect(secondsByBudget(calls, { ...free, ...more })).toBeCloseTo(seconds, 6);
  });

  it('is nothing where no rate is declared', () => {
    expect(secondsByBudget(8, { ...free, limits: [{ kind: 'concurrency', name: 'c', max: 2 }] })).toBeNull();
  });

  it('says with how many calls a run could begin', () => {
    const slots = { kind: 'concurrency', name: 'c', max: 4 } as const;
    expect(callsAtOnce(free)).toBe(8);
    expect(callsAtOnce({ ...free, share: 0.25 })).toBe(2);
    expect(callsAtOnce({ ...free, aheadMs: { r: 450 } })).toBe(3);
    expect(callsAtOnce({ ...free, aheadMs: { r: 900 } })).toBe(0);
    expect(callsAtOnce({ ...free, limits: [rate, slots], held: { c: 3 } })).toBe(1);
    expect(callsAtOnce({ ...free, idleSeconds: 1 })).toBe(0);
    expect(callsAtOnce({ ...free, limits: [] })).toBeNull();
  });

  it('is the time of a run where that is longer than earlier runs took', () => {
    const runs = [3, 9, 5].map((seconds) => ({ runId: 'r', finishedAt: new Date(0), calls: 1, seconds }));
    expect(syncOutlook({ calls: 108, runs, allowance: free })).toEqual({ seconds: 10, pace: 'budget', allowedPerSecond: 10 });
    expect(syncOutlook({ calls: 18, runs, allowance: { ...free, share: 0.5 } })).toMatchObject({ seconds: 5, pace: 'measured' });
    expect(syncOutlook({ calls: 1, runs, allowance: { ...free, limits: [], idleSeconds: 2 } })).toEqual({
      ...{ seconds: 7, pace: 'measured', allowedPerSecond: null },
    });
    expect(syncOutlook({ calls: null, runs, allowance: free })).toMatchObject({ seconds: null, pace: null });
    expect(syncOutlook({ calls: 4, runs: [], allowance: { ...free, limits: [] } })).toMatchObject({ seconds: null, pace: null });
  });
});
