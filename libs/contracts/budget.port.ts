import type { BudgetLimit } from './budget.schema.js';
import type { Operation } from './call-meter.port.js';

/** Who calls: actions have a reserved share, syncs share the rest. */
export type BudgetClass = 'interactive' | 'batch';

/** Of callers of class `batch`, who wait for the same budget, each gets calls in proportion to its weight. */
export interface BudgetShare {
  /** Stable: a sync's id. */
  name: string;
  /** At least 1. */
  weight: number;
}

/** An allowance of its own for some of an account's calls. */
export interface BudgetPolicy {
  /** At most 40 characters. */
  name: string;
  /** Empty: no limit. */
  limits: readonly BudgetLimit[];
}

export interface BudgetAccount {
  workspaceId: string;
  host: string;
  /** host + digest of the credential's identity: stable, and not the credential. */
  account: string;
  /** Of all calls that belong to no policy. */
  limits: readonly BudgetLimit[];
  /** Of those that belong to a policy, instead. */
  policies?: readonly BudgetPolicy[];
  /** Statuses by which the provider refuses a call for its rate, beside 429. */
  limitStatuses?: readonly number[];
  /** Headers in which the provider speaks of its limits, where they are not the usual ones. */
  headerNames?: { limit?: string; remaining?: string; reset?: string; retryAfter?: string };
}

/** Whose call it is: for those who look at who waits. */
export interface BudgetCaller {
  connectionId: string;
  operation?: Operation;
}

/** Permission for one call. `settle` must be called once, with what the provider said, or that no answer came. */
export interface BudgetPermit {
  settle(outcome: {
    status: number | null;
    headers: Readonly<Record<string, string | string[] | undefined>>;
    /** No answer came in time. */
    timedOut?: boolean;
  }): Promise<void>;
}

/** The allowance of API calls, shared by every worker. */
export interface BudgetGate {
  /**
   * Waits until a call may start. Throws RATE_LIMITED with `retryAt` when that is further away than `maxWaitMs`.
   * An account without declared limits costs no database call, but a 429 seen by any worker holds it back too, within a second; how many of its
   * calls may be under way then follows what the provider bears.
   */
  acquire(request: {
    account: BudgetAccount;
    class: BudgetClass;
    /** Default: in no share, first come, first served. Without declared limits it has no effect. */
    share?: BudgetShare;
    /** Of the account's policies the one that this call belongs to. */
    policy?: string;
    points?: number;
    /** Default: it is not shown among those who wait. */
    by?: BudgetCaller;
    maxWaitMs: number;
    signal: AbortSignal;
  }): Promise<BudgetPermit>;
}
