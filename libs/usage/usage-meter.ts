import { randomUUID } from 'node:crypto';
import type { CallMeter, CallSample } from '../contracts/call-meter.port.js';
import { addUsage, type Db } from '../store/index.js';
import { UsageBuffer, type UsageBatch } from './usage-buffer.js';

/** How late `GET /v1/usage` may be; a process that is killed loses what it counted since. */
const FLUSH_EVERY_MS = 5_000;

export interface UsageMeterOptions {
  db: Db;
  /** Default 5,000. */
  flushEveryMs?: number;
  /** Told of a flush that failed, and what is lost at the end. */
  onError: (error: unknown, facts: { calls: number }) => void;
}

/**
 * Counts the calls of one process in memory and writes the sums every few seconds, in one statement. A batch whose writing failed is written again, unchanged, before
 * the next one: it has a number, by which the store takes it once even where the answer to the first try was lost.
 */
export class UsageMeter implements CallMeter {
  private readonly process = randomUUID();
  private readonly buffer = new UsageBuffer();
  private pending: UsageBatch | null = null;
  private seq = 0;
  private flushing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: UsageMeterOptions) {}

  record(sample: CallSample): void {
    this.buffer.add(sample);
    this.wake();
  }

  /** Writes what was counted up to now. Never rejects. */
  async flush(): Promise<void> {
    await this.flushing;
    this.flushing ??= this.write().finally(() => (this.flushing = undefined));
    await this.flushing;
  }

  /** The last flush; what it cannot write is lost, and told. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.flush();
    clearTimeout(this.timer);
  }

  private async write(): Promise<void> {
    for (;;) {
      const batch = this.pending ?? this.buffer.take();
      if (batch === null) return;
      if (this.pending === null) this.seq++;
      this.pending = batch;
      try {
        await addUsage(this.options.db, { process: this.process, seq: this.seq, ...batch });
        this.pending = null;
      } catch (error) {
        this.options.onError(error, { calls: callsOf(batch) });
        this.wake();
        return;
      }
    }
  }

  /** Without calls there is nothing to wake up for. */
  private wake(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, this.options.flushEveryMs ?? FLUSH_EVERY_MS).unref();
  }
}

const callsOf = ({ rows, lost }: UsageBatch): number =>
  rows.reduce((sum, { outcomes }) => sum + total(outcomes), 0) + total(lost);

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
