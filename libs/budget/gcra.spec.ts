import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BudgetClass } from '../contracts/budget.port.js';
import type { BudgetLimit } from '../contracts/budget.schema.js';
import { availablePoints, leaseAhead, leaseSlackMs, pointTimes, rateTerms } from './gcra.js';

type Rate = Extract<BudgetLimit, { kind: 'rate' }>;
const rate = (points: number, period_seconds: number, burst?: number): Rate => ({
  kind: 'rate',
  name: 'rate',
  points,
  period_seconds,
  ...(burst === undefined ? {} : { burst }),
});

/** The database's rule: points whose arrival time is no later than now + tolerance. */
function grant(limit: Rate, tat: number, cls: BudgetClass, nowMs: number, want: number): { granted: number; tatMs: number } {
  const { emissionMs, toleranceMs } = rateTerms(limit, cls);
  const from = Math.max(tat, nowMs);
  return { granted: Math.min(want, Math.floor((nowMs + toleranceMs - from) / emissionMs + 1e-6) + 1), tatMs: from - nowMs };
}

test('no interval sees more than burst + rate·t points, however late within their leases the points of any number of workers are used', () => {
  const step = fc.record({
    afterMs: fc.double({ min: 0, max: 400, noNaN: true }),
    want: fc.integer({ min: 1, max: 20 }),
    late: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 }),
    cls: fc.constantFrom<BudgetClass>('batch', 'interactive'),
  });
  const limits = fc.record({
    points: fc.integer({ min: 1, max: 300 }),
    period: fc.integer({ min: 1, max: 5 }),
    burst: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(limits, fc.array(step, { minLength: 1, maxLength: 40 }), ({ points, period, burst }, steps) => {
      const limit = rate(points, period, burst);
      const { emissionMs } = rateTerms(limit, 'interactive');
      const slackMs = leaseSlackMs([limit]);
      let tat = 0;
      let nowMs = 1_000;
      const used: number[] = [];
      for (const { afterMs, want, late, cls } of steps) {
        nowMs += afterMs;
        const { granted, tatMs } = grant(limit, tat, cls, nowMs, want);
        if (granted <= 0) continue;
        tat = nowMs + tatMs + granted * emissionMs;
        const times = pointTimes({ granted, rates: [{ ...rateTerms(limit, cls), tatMs }], slackMs, maxLeaseMs: 1_000 });
        times.forEach((time, i) => {
          // points that cannot be kept are used at once
          const share = slackMs === 0 ? 0 : (late[i] ?? 0);
          used.push(nowMs + time.notBeforeMs + share * (time.expiresMs - time.notBeforeMs));
        });
      }
      used.sort((a, b) => a - b);
      used.forEach((from, i) =>
        used.slice(i).forEach((to, j) => {
          expect(j + 1).toBeLessThanOrEqual((burst ?? points) + (to - from) / emissionMs + 1e-3);
        }),
      );
    }),
    { numRuns: 150 },
  );
});

test('a lease lives at most a second and can be used for a while', () => {
  const limit = rate(100, 1);
  const times = pointTimes({
    granted: 60,
    rates: [{ ...rateTerms(limit, 'batch'), tatMs: 0 }],
    slackMs: leaseSlackMs([limit]),
    maxLeaseMs: 1_000,
  });
  for (const time of times) {
    expect(time.expiresMs).toBeLessThanOrEqual(1_000);
    expect(time.expiresMs - time.notBeforeMs).toBeGreaterThanOrEqual(leaseSlackMs([limit]));
  }
});

test('batch callers leave the last fifth of a burst, and never less than one point is theirs', () => {
  expect(rateTerms(rate(10, 1), 'batch').toleranceMs).toBeCloseTo(700);
  expect(rateTerms(rate(10, 1), 'interactive').toleranceMs).toBeCloseTo(900);
  expect(rateTerms(rate(10, 1, 1), 'batch').toleranceMs).toBe(0);
});

test('only fast limits lease ahead, and none with a concurrency limit', () => {
  expect(leaseSlackMs([rate(10, 1)])).toBe(0);
  expect(leaseSlackMs([rate(100, 1)])).toBeGreaterThan(0);
  expect(leaseSlackMs([rate(100, 1), { kind: 'concurrency', name: 'c', max: 5 }])).toBe(0);
  expect(leaseSlackMs([])).toBe(0);
  expect(leaseAhead({ recentPerSecond: 10, slackMs: 250 })).toBe(0);
  expect(leaseAhead({ recentPerSecond: 100, slackMs: 200 })).toBe(20);
});

test('what is left of a burst is shown from its arrival time', () => {
  expect(availablePoints(rate(10, 1), -5_000)).toBe(10);
  expect(availablePoints(rate(10, 1), 300)).toBe(7);
  expect(availablePoints(rate(10, 1), 5_000)).toBe(0);
});
