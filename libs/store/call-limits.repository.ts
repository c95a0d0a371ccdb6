import { one, type Db } from './database.js';

/** What is left of a quota after a call asked for its share of it. */
export interface CallQuota {
  /** false: nothing was taken. */
  isAllowed: boolean;
  /** Calls that could be made now. */
  remaining: number;
  /** Until the whole quota is there again. */
  fullInMs: number;
  /** Until one call is there; 0: now. */
  retryInMs: number;
}

/**
 * Takes `calls` (default 1) of `perMinute` a minute, all of which may be made at once (GCRA as in libs/budget/gcra.ts, on the database's clock, so that all processes share
 * it), or none. `subject` is whose limit it is, `api-key:<id>` for one. By the primary key; one statement where there is something left.
 */
export async function takeCall(
  db: Db,
  { subject, perMinute, calls = 1 }: { subject: string; perMinute: number; calls?: number },
): Promise<CallQuota> {
  const emissionMs = 60_000 / perMinute;
  const toleranceMs = 60_000 - calls * emissionMs;
  // The clock is read once the row is locked, so that calls are judged in the order in which it is their turn.
  const taken = one(
    await db.query<{ ahead: number }>(
      `INSERT INTO control.call_limit AS l (subject, tat) VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')
       ON CONFLICT (subject) DO UPDATE SET tat = greatest(l.tat, clock_timestamp()) + $2 * interval '1 millisecond'
         WHERE l.tat <= clock_timestamp() + $3 * interval '1 millisecond'
       RETURNING extract(epoch FROM tat - clock_timestamp())::double precision * 1000 AS ahead`,
      [subject, calls * emissionMs, toleranceMs],
    ),
  );
  if (taken !== null) return quota(true, taken.ahead, emissionMs);
  const { ahead = 60_000 } =
    one(
      await db.query<{ ahead: number }>(
        `SELECT extract(epoch FROM tat - clock_timestamp())::double precision * 1000 AS ahead FROM control.call_limit WHERE subject = $1`,
        [subject],
      ),
    ) ?? {};
  return quota(false, ahead, emissionMs);
}

function quota(isAllowed: boolean, aheadMs: number, emissionMs: number): CallQuota {
  const remaining = Math.max(0, Math.floor((60_000 - aheadMs) / emissionMs + 1e-6));
  return { isAllowed, remaining, fullInMs: Math.max(0, aheadMs), retryInMs: Math.max(0, aheadMs + emissionMs - 60_000) };
}

/** Forgets limits that have their whole quota again. By the index on tat. */
export async function purgeCallLimits(db: Db): Promise<void> {
  await db.query(`DELETE FROM control.call_limit WHERE tat < now() - interval '1 hour'`);
}
