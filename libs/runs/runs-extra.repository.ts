import type { RunState } from '../contracts/run-state.js';
import { one, RUN_COLUMNS, theOne, type Db, type RunRow, type Transaction } from '../store/index.js';

/** Undoes a request (to pause, to cancel) that could not be passed on. The state table has no way back, since nothing has happened. */
export async function takeBackTransition(db: Db, request: { id: string; from: RunState; to: RunState }): Promise<void> {
  await db.query('UPDATE control.run SET state = $3 WHERE id = $1 AND state = $2', [request.id, request.from, request.to]);
}

/** The run that a schedule's firing led to, unless it could not even be started. By run_sync. */
export async function findScheduledRun(db: Db, request: { syncId: string; scheduledFor: Date }): Promise<RunRow | null> {
  return one(
    await db.query<RunRow>(
      `SELECT ${RUN_COLUMNS} FROM control.run
       WHERE sync_id = $1 AND trigger = 'schedule' AND scheduled_for = $2
         AND NOT (state = 'failed' AND started_at IS NULL AND error ->> 'code' = 'TEMPORAL_UNAVAILABLE')
       ORDER BY seq DESC LIMIT 1`,
      [request.syncId, request.scheduledFor],
    ),
  );
}

/** Plans of runs that ended long ago: nobody asks for them, and they are most of the rows. Returns how many slices are gone. */
export async function purgePlans(db: Db, request: { endedBeforeMs: number; limit: number }): Promise<number> {
  const result = await db.query(
    `DELETE FROM control.slice WHERE ctid IN (
       SELECT s.ctid FROM control.slice s JOIN control.run r ON r.id = s.run_id
       WHERE r.finished_at < now() - make_interval(secs => $1::double precision / 1000) LIMIT $2)`,
    [request.endedBeforeMs, request.limit],
  );
  return result.rowCount ?? 0;
}

/**
 * Whether this transaction is now the one that plans the stream, until it ends. Not the row's own lock: planning may wait for the source, and
 * counts and states of the stream are written meanwhile.
 */
export async function tryPlanLock(tx: Transaction, request: { runId: string; stream: string }): Promise<boolean> {
  const result = await tx.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended('sluice plan ' || $1::text || ' ' || $2::text, 0)) AS locked`,
    [request.runId, request.stream],
  );
  return theOne(result).locked;
}
