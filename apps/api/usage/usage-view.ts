import type { Usage, UsageCall } from '../../../libs/contracts/usage.schema.js';
import type { UsageSample, UsageSum } from '../../../libs/store/index.js';
import { summariseUsage } from '../../../libs/usage/index.js';

export function usageView(sum: UsageSum): Usage {
  const { calls, errors, errorRate, held, cancelled, throttledSeconds, p50, p95, p99 } = summariseUsage(sum);
  return {
    ...(sum.connectionId === null ? {} : { connection_id: sum.connectionId }),
    ...(sum.connector === null ? {} : { connector: sum.connector }),
    ...(sum.kind === null ? {} : { kind: sum.kind as NonNullable<Usage['kind']> }),
    ...(sum.operation === null ? {} : { operation: sum.operation }),
    ...(sum.at === null ? {} : { at: sum.at.toISOString() }),
    ...{ calls, errors, error_rate: errorRate, cancelled, retries: sum.retries, held, throttled_seconds: throttledSeconds },
    ...{ bytes_out: sum.bytesOut, bytes_in: sum.bytesIn },
    latency: { p50, p95, p99 },
  };
}

export const callView = (sample: UsageSample): UsageCall => ({
  at: sample.at.toISOString(),
  connection_id: sample.connectionId,
  ...{ connector: sample.connector, kind: sample.kind as UsageCall['kind'], operation: sample.operation, host: sample.host },
  ...{ outcome: sample.outcome, status: sample.status, attempt: sample.attempt },
  latency_ms: Number(sample.latencyMs.toFixed(1)),
  throttled_ms: Number(sample.waitedMs.toFixed(1)),
  ...{ bytes_out: sample.bytesOut, bytes_in: sample.bytesIn },
});
