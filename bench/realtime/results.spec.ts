import { expect, test } from '@jest/globals';
import { latencyResult, percentile, realtimeTable } from './results.js';

test('a percentile is a value that was measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([1, 50, 99, 99.5, 100].map((percent) => percentile(hundred, percent))).toEqual([1, 50, 99, 100, 100]);
  expect(percentile([7], 50)).toBe(7);
});

test('a table shows each case, and what is wrong with it', () => {
  const result = latencyResult({ case: 'outage', latencies: [3, 1, 2], seconds: 1, facts: { lost: 1 }, problems: ['1 lost'] });
  expect(result).toMatchObject({ calls: 3, perSecond: 3, p50: 2, p95: 3, max: 3 });
  expect(realtimeTable([result])).toMatch(/outage +3 +3 +2 +3 +3 +3 +lost 1 +WRONG\noutage: 1 lost$/);
});
