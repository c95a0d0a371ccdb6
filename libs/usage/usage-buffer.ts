import type { CallSample } from '../contracts/call-meter.port.js';
import type { UsageRowInput } from '../store/index.js';
import { bucketOf } from './latency-buckets.js';

const MINUTE_MS = 60_000;
/** So many different operations and minutes wait at most for a store that is away: about 5 MB. */
const MOST_ROWS = 5_000;
/** Single calls that one flush keeps: what happened just now, for a person who looks. */
const MOST_SAMPLES = 50;

/** What one flush writes. */
export interface UsageBatch {
  rows: readonly UsageRowInput[];
  samples: readonly CallSample[];
  /** Calls by workspace that could not be counted. */
  lost: Readonly<Record<string, number>>;
}

/** Sums of the calls since it was last emptied. Bounded: calls that do not fit are counted as lost. */
export class UsageBuffer {
  private rows = new Map<string, UsageRowInput>();
  private samples: CallSample[] = [];
  private lost: Record<string, number> = {};

  add(sample: CallSample): void {
    const { caller, operation, outcome } = sample;
    const row = this.row(sample);
    if (row === null) {
      this.lost[caller.workspaceId] = (this.lost[caller.workspaceId] ?? 0) + 1;
      return;
    }
    row.outcomes[outcome] = (row.outcomes[outcome] ?? 0) + 1;
    row.waitedMs += sample.waitedMs;
    if (outcome !== 'held') {
      const bucket = bucketOf(sample.latencyMs);
      row.latencies[bucket] = (row.latencies[bucket] ?? 0) + 1;
      row.bytesOut += sample.bytesOut;
      row.bytesIn += sample.bytesIn;
      if (sample.attempt > 1) row.retries++;
    }
    if (this.samples.length < MOST_SAMPLES) this.samples.push({ ...sample, operation: { ...operation } });
  }

  /** null: nothing was counted. */
  take(): UsageBatch | null {
    const { rows, samples, lost } = this;
    if (rows.size === 0 && Object.keys(lost).length === 0) return null;
    this.rows = new Map();
    this.samples = [];
    this.lost = {};
    return { rows: [...rows.values()], samples, lost };
  }

  private row({ caller, operation, atMs }: CallSample): UsageRowInput | null {
    const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const key = `${minuteMs}/${caller.connectionId}/${caller.connector}/${operation.kind}/${operation.name}`;
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    if (this.rows.size >= MOST_ROWS) return null;
    const row: UsageRowInput = {
      ...caller,
      ...{ kind: operation.kind, operation: operation.name, minuteMs },
      ...{ outcomes: {}, latencies: {}, bytesOut: 0, bytesIn: 0, retries: 0, waitedMs: 0 },
    };
    this.rows.set(key, row);
    return row;
  }
}
