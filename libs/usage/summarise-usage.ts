import type { UsageSum } from '../store/index.js';
import { percentile } from './latency-buckets.js';

/** Outcomes that are no fault of the provider's, the request's or the network's. */
const FINE = new Set(['1xx', '2xx', '3xx', 'cancelled']);

export interface UsageSummary {
  /** Made; those that were held are not. */
  calls: number;
  errors: Record<string, number>;
  errorRate: number;
  held: number;
  cancelled: number;
  throttledSeconds: number;
  /** In ms; null without a call. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** Pure: what the sums say. */
export function summariseUsage({ outcomes, latencies, waitedMs }: UsageSum): UsageSummary {
  const { held = 0, cancelled = 0, ...made } = outcomes;
  const errors = Object.fromEntries(Object.entries(made).filter(([outcome]) => !FINE.has(outcome)));
  const calls = sum(made) + cancelled;
  return {
    ...{ calls, errors, held, cancelled },
    errorRate: calls === 0 ? 0 : Number((sum(errors) / calls).toFixed(4)),
    throttledSeconds: Number((waitedMs / 1000).toFixed(3)),
    ...{ p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95), p99: percentile(latencies, 0.99) },
  };
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);
