import { one, type Db, type Transaction } from './database.js';

export type EffectState = 'reserved' | 'sent' | 'postponed' | 'superseded' | 'succeeded' | 'failed' | 'outcome_unknown';

/** One try of an action at its provider. */
export interface EffectRow {
  attempt: number;
  state: EffectState;
  /** HTTP status of the answer. */
  status: number | null;
  resolvedBy: 'answer' | 'key' | 'lookup' | 'person' | null;
  sentAt: Date | null;
  deadline: Date | null;
  settledAt: Date | null;
  /** Until the deadline, by the database's clock; not positive: it has passed. null: it was not sent. */
  leftMs: number | null;
}

const COLUMNS = `attempt, state, status, resolved_by AS "resolvedBy", sent_at AS "sentAt", deadline, settled_at AS "settledAt",
  (extract(epoch FROM deadline - clock_timestamp()) * 1000)::double precision AS "leftMs"`;

/** Oldest first. */
export async function listEffects(db: Db, request: { runId: string }): Promise<EffectRow[]> {
  const { rows } = await db.query<EffectRow>(`SELECT ${COLUMNS} FROM control.effect WHERE run_id = $1 ORDER BY attempt`, [
    request.runId,
  ]);
  return rows;
}

export async function lastEffect(db: Db, request: { runId: string }): Promise<EffectRow | null> {
  return one(
    await db.query<EffectRow>(`SELECT ${COLUMNS} FROM control.effect WHERE run_id = $1 ORDER BY attempt DESC LIMIT 1`, [
      request.runId,
    ]),
  );
}

/** As lastEffect, for the transaction: nobody marks it sent meanwhile. */
export async function lockLastEffect(tx: Transaction, request: { runId: string }): Promise<EffectRow | null> {
  return one(
    await tx.query<EffectRow>(
      `SELECT ${COLUMNS} FROM control.effect WHERE run_id = $1 ORDER BY attempt DESC LIMIT 1 FOR UPDATE`,
      [request.runId],
    ),
  );
}

/** A place for a try; one that is there already stays as it is. */
export async function reserveEffect(db: Db, request: { runId: string; attempt: number }): Promise<void> {
  await db.query(`INSERT INTO control.effect (run_id, attempt) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    request.runId,
    request.attempt,
  ]);
}

/** reserved → sent: whoever gets true sends, nobody else. Of a run that has ended nothing is sent any more. */
export async function markSent(db: Db, request: { runId: string; attempt: number; timeoutMs: number }): Promise<boolean> {
  const done = await db.query(
    `UPDATE control.effect SET state = 'sent', sent_at = clock_timestamp(),
       deadline = clock_timestamp() + $3::double precision * interval '1 millisecond'
     WHERE run_id = $1 AND attempt = $2 AND state = 'reserved'
       AND EXISTS (SELECT 1 FROM control.action_run r WHERE r.id = $1 AND r.state IN ('queued', 'running'))`,
    [request.runId, request.attempt, request.timeoutMs],
  );
  return done.rowCount === 1;
}

/** What became of a try. The first word counts; whether this was it. */
export async function settleEffect(
  db: Db,
  request: { runId: string; attempt: number } & Pick<EffectRow, 'state' | 'status' | 'resolvedBy'>,
): Promise<boolean> {
  const { runId, attempt, state, status, resolvedBy } = request;
  const done = await db.query(
    `UPDATE control.effect SET state = $3, status = coalesce($4, status), resolved_by = $5, settled_at = clock_timestamp()
     WHERE run_id = $1 AND attempt = $2 AND state IN ('reserved', 'sent', 'outcome_unknown')`,
    [runId, attempt, state, status, resolvedBy],
  );
  return done.rowCount === 1;
}
