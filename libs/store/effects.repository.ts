import type { ActionRunRow } from './action-runs.repository.js';
import { one, type Db, type Transaction } from './database.js';
import { TOLD_ACTION_RUN, toldEndpoints } from './tell-endpoints.js';

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

/** The newest try, by which the next step is decided. */
export interface LastEffectRow extends EffectRow {
  /** Since the first try was sent of which nobody knows whether it took effect; what a lookup or a person said is known. null: there is none. */
  doubtMs: number | null;
}

const COLUMNS = `attempt, state, status, resolved_by AS "resolvedBy", sent_at AS "sentAt", deadline, settled_at AS "settledAt",
  (extract(epoch FROM deadline - clock_timestamp()) * 1000)::double precision AS "leftMs"`;
const DOUBT = `(SELECT extract(epoch FROM clock_timestamp() - min(d.sent_at)) * 1000 FROM control.effect d
   WHERE d.run_id = effect.run_id AND (d.state = 'sent' OR d.resolved_by = 'key') AND d.attempt > coalesce(
     (SELECT max(l.attempt) FROM control.effect l WHERE l.run_id = effect.run_id AND l.resolved_by IN ('lookup', 'person')), 0))::double precision AS "doubtMs"`;

/** Oldest first. */
export async function listEffects(db: Db, request: { runId: string }): Promise<EffectRow[]> {
  const { rows } = await db.query<EffectRow>(`SELECT ${COLUMNS} FROM control.effect WHERE run_id = $1 ORDER BY attempt`, [
    request.runId,
  ]);
  return rows;
}

export async function lastEffect(db: Db, request: { runId: string }): Promise<LastEffectRow | null> {
  return one(
    await db.query<LastEffectRow>(
      `SELECT ${COLUMNS}, ${DOUBT} FROM control.effect WHERE run_id = $1 ORDER BY attempt DESC LIMIT 1`,
      [request.runId],
    ),
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

/** reserved → sent, and its run is running: whoever gets true sends, nobody else. Of a run that has ended nothing is sent any more. One commit. */
export async function markSent(db: Db, request: { runId: string; attempt: number; timeoutMs: number }): Promise<boolean> {
  const { rows } = await db.query<{ sent: number }>(
    `WITH sent AS (
       UPDATE control.effect SET state = 'sent', sent_at = clock_timestamp(),
         deadline = clock_timestamp() + $3::double precision * interval '1 millisecond'
       WHERE run_id = $1 AND attempt = $2 AND state = 'reserved'
         AND EXISTS (SELECT FROM control.action_run r WHERE r.id = $1 AND r.state IN ('queued', 'running'))
       RETURNING run_id),
     begun AS (
       UPDATE control.action_run r SET state = 'running', started_at = coalesce(r.started_at, now())
       FROM sent WHERE r.id = sent.run_id AND r.state = 'queued')
     SELECT count(*)::int AS sent FROM sent`,
    [request.runId, request.attempt, request.timeoutMs],
  );
  return rows[0]?.sent === 1;
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

/**
 * What became of a try, and with it how its run ends, of which webhook endpoints are told: one commit. The first word counts. `result` and `providerAnswer` are encrypted.
 * Whether this was it.
 */
export async function settleLastEffect(
  db: Db,
  request: { runId: string; attempt: number } & Pick<EffectRow, 'state' | 'status' | 'resolvedBy'> & {
      run: Pick<ActionRunRow, 'state' | 'result' | 'providerAnswer' | 'error'>;
    },
): Promise<boolean> {
  const { runId, attempt, state, status, resolvedBy, run } = request;
  const { rows } = await db.query<{ ended: number }>(
    `WITH settled AS (
       UPDATE control.effect SET state = $3, status = coalesce($4, status), resolved_by = $5, settled_at = clock_timestamp()
       WHERE run_id = $1 AND attempt = $2 AND state IN ('reserved', 'sent', 'outcome_unknown') RETURNING run_id),
     ended AS (
       UPDATE control.action_run r SET state = $6, result = $7, provider_answer = $8, error = $9, finished_at = now()
       FROM settled WHERE r.id = settled.run_id AND r.state IN ('queued', 'running', 'outcome_unknown') RETURNING r.*),
     ${toldEndpoints({ from: 'ended', type: `'action_run.' || state`, data: TOLD_ACTION_RUN })}
     SELECT count(*)::int AS ended FROM ended`,
    [
      ...[runId, attempt, state, status, resolvedBy],
      ...[run.state, run.result, run.providerAnswer, run.error === null ? null : JSON.stringify(run.error)],
    ],
  );
  return rows[0]?.ended === 1;
}
