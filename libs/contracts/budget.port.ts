import type { BudgetLimit } from './budget.schema.js';

/** Who calls: actions have a reserved share, syncs share the rest. */
export type BudgetClass = 'interactive' | 'batch';

export interface BudgetAccount {
  workspaceId: string;
  host: string;
  /** host + digest of the credential's identity: stable, and not the credential. */
  account: string;
  limits: readonly BudgetLimit[];
  /** Headers in which the provider speaks of its limits, where they are not the usual ones. */
  headerNames?: { limit?: string; remaining?: string; reset?: string; retryAfter?: string };
}

/** Permission for one call. `settle` must be called once, with what the provider said, or that no answer came. */
export interface BudgetPermit {
  settle(outcome: { status: number | null; headers: Readonly<Record<string, string | string[] | undefined>> }): Promise<void>;
}

/** The allowance of API calls, shared by every worker. */
export interface BudgetGate {
  /**
   * Waits until a call may start. Throws RATE_LIMITED with `retryAt` when that is further away than `maxWaitMs`.
   * An account without declared limits costs no database call, but a 429 seen by any worker holds it back too, within a second.
   */
  acquire(request: {
    account: BudgetAccount;
    class: BudgetClass;
    points?: number;
    maxWaitMs: number;
    signal: AbortSignal;
  }): Promise<BudgetPermit>;
}
