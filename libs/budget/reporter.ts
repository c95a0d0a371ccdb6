import type { BudgetAccount } from '../contracts/budget.port.js';
import type { BudgetRepository } from './budget.repository.js';
import type { ObservedWindow } from './provider-headers.js';

/** Headers come with every answer; who reads `GET /v1/budgets` needs them this often. */
const WINDOWS_EVERY_MS = 5_000;

interface Pending {
  account: BudgetAccount;
  /** Monotonic; null: nothing to block. */
  blockUntilMs: number | null;
  windows: readonly ObservedWindow[];
}

/** Writes what providers say: blocks at once and again until the database has them, observed windows every few seconds. Never throws. */
export class Reporter {
  private readonly pending = new Map<string, Pending>();
  private readonly writtenMs = new Map<string, number>();

  constructor(
    private readonly options: { repository: BudgetRepository; nowMs: () => number; onError: (error: unknown) => void },
  ) {}

  async report(said: {
    account: BudgetAccount;
    key: string;
    blockMs: number | null;
    windows: readonly ObservedWindow[];
  }): Promise<void> {
    const { account, key, blockMs, windows } = said;
    if (blockMs === null && windows.length === 0) return;
    const before = this.pending.get(key);
    const until = blockMs === null ? null : this.options.nowMs() + blockMs;
    this.pending.set(key, {
      account,
      blockUntilMs: until === null ? (before?.blockUntilMs ?? null) : Math.max(until, before?.blockUntilMs ?? 0),
      windows: windows.length > 0 ? windows : (before?.windows ?? []),
    });
    if (blockMs !== null) await this.write(key);
  }

  /** To be called about once a second. */
  async flush(): Promise<void> {
    for (const [key, { blockUntilMs }] of [...this.pending]) {
      const due = this.options.nowMs() - (this.writtenMs.get(key) ?? -Infinity) >= WINDOWS_EVERY_MS;
      if (due || blockUntilMs !== null) await this.write(key);
    }
  }

  private async write(key: string): Promise<void> {
    const said = this.pending.get(key);
    if (said === undefined) return;
    this.pending.delete(key);
    const nowMs = this.options.nowMs();
    const blockMs = said.blockUntilMs === null || said.blockUntilMs <= nowMs ? null : said.blockUntilMs - nowMs;
    this.writtenMs.set(key, nowMs);
    try {
      await this.options.repository.report({ account: said.account, blockMs, windows: said.windows });
    } catch (error) {
      this.options.onError(error);
      // a block must reach the other workers, however late
      if (blockMs !== null && !this.pending.has(key)) this.pending.set(key, said);
    }
  }
}
