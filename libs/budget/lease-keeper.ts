import type { BudgetRepository } from './budget.repository.js';

/** A lease that nobody settles is renewed no longer than this: no call takes so long, so its caller forgot it. */
const LONGEST_CALL_MS = 15 * 60_000;

/** The concurrency leases that this process holds: renewed while their calls run, given back when they end. Never throws. */
export class LeaseKeeper {
  readonly leaseMs: number;
  private readonly held = new Map<string, number>();
  private renewedMs: number;

  constructor(
    private readonly options: {
      repository: BudgetRepository;
      leaseMs: number;
      nowMs: () => number;
      onError: (error: unknown) => void;
    },
  ) {
    this.leaseMs = options.leaseMs;
    this.renewedMs = options.nowMs();
  }

  hold(leases: readonly string[]): void {
    for (const lease of leases) this.held.set(lease, this.options.nowMs());
  }

  /** What cannot be given back, because the database is down, runs out by itself. */
  async release(leases: readonly string[]): Promise<void> {
    if (leases.length === 0) return;
    for (const lease of leases) this.held.delete(lease);
    await this.options.repository.release(leases).catch(this.options.onError);
  }

  /** To be called about once a second; works once in a third of a lease's life. */
  async renew(): Promise<void> {
    const nowMs = this.options.nowMs();
    if (nowMs - this.renewedMs < this.leaseMs / 3) return;
    this.renewedMs = nowMs;
    for (const [lease, sinceMs] of this.held) {
      if (nowMs - sinceMs > LONGEST_CALL_MS) this.held.delete(lease);
    }
    if (this.held.size > 0) {
      await this.options.repository.renew([...this.held.keys()], this.leaseMs).catch(this.options.onError);
    }
  }

  close(): Promise<void> {
    return this.release([...this.held.keys()]);
  }
}
