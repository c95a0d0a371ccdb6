import { describe, expect, it } from '@jest/globals';
import { bucketOf, percentile } from './latency-buckets.js';

describe('bucketOf', () => {
  it('puts a bound into the bucket that ends there', () => {
    expect([0, 0.2, 1, 1.01, 2, 2.01, 4, 1024].map(bucketOf)).toEqual([0, 0, 0, 1, 4, 5, 8, 40]);
  });

  it('has a last bucket', () => {
    expect([400_000, Infinity].map(bucketOf)).toEqual([73, 73]);
    expect(bucketOf(NaN)).toBe(0);
  });
});

describe('percentile', () => {
  it('is within a tenth of the true one, for any sum of histograms', () => {
    const latencies = Array.from({ length: 5_000 }, (_, i) => 1.5 + ((i * 7_919) % 5_000) ** 1.4 / 10);
    const histogram: Record<string, number> = {};
    for (const latency of latencies) histogram[bucketOf(latency)] = (histogram[bucketOf(latency)] ?? 0) + 1;
    const sorted = [...latencies].sort((a, b) => a - b);
    for (const q of [0.1, 0.5, 0.95, 0.99]) {
      const truth = sorted[Math.ceil(q * sorted.length) - 1] as number;
      expect(Math.abs((percentile(histogram, q) as number) / truth - 1)).toBeLessThan(0.1);
    }
  });

  it('is null without a call, and the only call’s where there is one', () => {
    expect(percentile({}, 0.5)).toBeNull();
    expect([0.5, 0.95, 0.99].map((q) => percentile({ 40: 1 }, q))).toEqual([939, 939, 939]);
  });
});
