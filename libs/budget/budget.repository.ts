import type { Pool, PoolClient } from 'pg';
import type { BudgetAccount, BudgetClass, BudgetShare } from '../contracts/budget.port.js';
import type { ObservedWindow } from './provider-headers.js';

/** What the database said to a request for points. */
export interface Grant {
  /** 0: nothing was taken. */
  granted: number;
  /** When to ask again, in ms; null: a concurrency limit is full. */
  retryMs: number | null;
  blockedMs: number;
  /** Arrival times of the rate limits before this grant, by name, in ms from the database's now. */
  tatMs: Readonly<Record<string, number>>;
  leases: readonly string[];
}

/** An account that must be left alone for a while. */
export interface Block {
  workspaceId: string;
  account: string;
  remainingMs: number;
}

interface GrantRow {
  granted: number;
  retry_ms: number | null;
  blocked_ms: number;
  tat_ms: Record<string, number>;
  leases: string[];
}

/** control.budget and control.budget_lease. Every time is a duration, so that clocks need not agree. */
export class BudgetRepository {
  constructor(private readonly pool: Pool) {}

  /** All limits of the account in one statement; needs budget's unique (workspace_id, account). */
  async take(request: {
    account: BudgetAccount;
    class: BudgetClass;
    need: number;
    want: number;
    leaseMs: number;
    /** `more`: others of the share wait too. */
    share?: BudgetShare & { more: boolean };
  }): Promise<Grant> {
    const { account, share } = request;
    const shared = share === undefined ? [] : [share.name, share.weight, share.more];
    const { rows } = await this.pool.query<GrantRow>({
      name: share === undefined ? 'budget-take' : 'budget-take-share',
      text: `SELECT granted, retry_ms, blocked_ms, tat_ms, leases FROM ${share === undefined ? 'control.budget_take($1, $2, $3, $4, $5, $6, $7, $8)' : 'control.budget_take_share($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)'}`,
      values: [
        account.workspaceId,
        account.account,
        account.host,
        JSON.stringify(account.limits),
        request.class,
        request.need,
        request.want,
        request.leaseMs,
        ...shared,
      ],
    });
    const row = rows[0];
    if (row === undefined) throw new Error('control.budget_take returned no row');
    return {
      granted: row.granted,
      retryMs: row.retry_ms,
      blockedMs: row.blocked_ms,
      tatMs: row.tat_ms,
      leases: row.leases,
    };
  }

  /** Without waiting for the disk: a release that a crash of the database undoes is a lease that runs out. */
  async release(leases: readonly string[]): Promise<void> {
    await this.pool.query(
      `DELETE FROM control.budget_lease WHERE lease_id = ANY($1::uuid[]) RETURNING set_config('synchronous_commit', 'off', true)`,
      [leases],
    );
  }

  async renew(leases: readonly string[], leaseMs: number): Promise<void> {
    await this.pool.query(
      `UPDATE control.budget_lease SET expires_at = clock_timestamp() + $2 * interval '1 millisecond' WHERE lease_id = ANY($1::uuid[])`,
      [leases, leaseMs],
    );
  }

  /** Writes what a provider said, and tells every worker of a block. */
  async report(request: { account: BudgetAccount; blockMs: number | null; windows: readonly ObservedWindow[] }): Promise<void> {
    const { account, blockMs, windows } = request;
    const observed = windows.map((window) => ({
      name: window.name,
      limit: window.limit,
      remaining: window.remaining,
      reset_ms: window.resetMs,
    }));
    await this.pool.query('SELECT control.budget_report($1, $2, $3, $4, $5, $6)', [
      account.workspaceId,
      account.account,
      account.host,
      JSON.stringify(account.limits),
      blockMs,
      observed.length === 0 ? null : JSON.stringify(observed),
    ]);
  }
}

/** Accounts that are blocked now; needs the index budget_blocked. */
export async function activeBlocks(db: Pick<PoolClient, 'query'>): Promise<Block[]> {
  const { rows } = await db.query<{ workspace_id: string; account: string; remaining_ms: number }>(
    `SELECT workspace_id, account, (extract(epoch FROM blocked_until - clock_timestamp()) * 1000)::double precision AS remaining_ms
     FROM control.budget WHERE blocked_until > now()`,
  );
  return rows.map((row) => ({ workspaceId: row.workspace_id, account: row.account, remainingMs: row.remaining_ms }));
}
