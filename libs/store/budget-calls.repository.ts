import type { BudgetClass } from '../contracts/budget.port.js';
import type { OperationKind } from '../contracts/call-meter.port.js';
import type { Db } from './database.js';

/** Calls of one caller in one process that wait for a budget, or hold slots of it. */
export interface BudgetCallEntry {
  state: 'waiting' | 'holding';
  workspaceId: string;
  account: string;
  class: BudgetClass;
  connectionId: string;
  /** Whose share of the budget it is; null: nobody's. */
  syncId: string | null;
  weight: number | null;
  kind: OperationKind | null;
  operation: string | null;
  /** 0: they waited within the last second, and were let go. */
  calls: number;
  /** Of the one that waits longest, when this was written. */
  ageMs: number;
}

/** A process that has not written for so long is gone; it writes once a second. */
const GONE_AFTER = '5 seconds';

/** Writes over what the process showed before, and now and then drops what dead ones left. */
export async function showBudgetCalls(
  db: Db,
  { process, entries }: { process: string; entries: readonly BudgetCallEntry[] },
): Promise<void> {
  await db.query(
    `WITH dead AS (DELETE FROM control.budget_presence WHERE seen_at < clock_timestamp() - interval '1 minute' AND process <> $1)
     INSERT INTO control.budget_presence (process, entries) VALUES ($1, $2)
     ON CONFLICT (process) DO UPDATE SET entries = EXCLUDED.entries, seen_at = clock_timestamp()`,
    [process, JSON.stringify(entries)],
  );
}

export async function forgetBudgetCalls(db: Db, { process }: { process: string }): Promise<void> {
  await db.query('DELETE FROM control.budget_presence WHERE process = $1', [process]);
}

export interface BudgetCallRow extends Omit<BudgetCallEntry, 'ageMs'> {
  since: Date;
}

/** Of all processes, those that wait first, the oldest first. */
export async function listBudgetCalls(db: Db, request: { workspaceId: string; account: string }): Promise<BudgetCallRow[]> {
  const { rows } = await db.query<BudgetCallRow>(
    `SELECT e.state, e."workspaceId", e.account, e.class, e."connectionId", e."syncId", e.weight, e.kind, e.operation, sum(e.calls)::integer AS calls,
            min(p.seen_at - e."ageMs" * interval '1 millisecond') AS since
     FROM control.budget_presence AS p, jsonb_to_recordset(p.entries) AS e(state text, "workspaceId" uuid, account text, class text, "connectionId" uuid,
       "syncId" uuid, weight double precision, kind text, operation text, calls integer, "ageMs" double precision)
     WHERE p.seen_at > clock_timestamp() - interval '${GONE_AFTER}' AND e."workspaceId" = $1 AND e.account = $2
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY e.state DESC, since`,
    [request.workspaceId, request.account],
  );
  return rows;
}
