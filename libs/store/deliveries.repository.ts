import type { DeliveryState } from '../contracts/event.schema.js';
import { one, theOne, type Db, type Transaction } from './database.js';

/** One event for one version of a flow. */
export interface DeliveryRow {
  /** Also of the flow's run. */
  id: string;
  seq: number;
  eventId: string;
  flowId: string;
  flowVersion: number;
  /** 0: when the event arrived; then one more for each replay. */
  round: number;
  state: DeliveryState;
  /** Code, when failed. */
  error: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

const COLUMNS = `id, seq, event_id AS "eventId", flow_id AS "flowId", flow_version AS "flowVersion", round, state, error,
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

export async function getDelivery(db: Db, request: { id: string }): Promise<DeliveryRow | null> {
  return one(await db.query<DeliveryRow>(`SELECT ${COLUMNS} FROM control.delivery WHERE id = $1`, [request.id]));
}

/** Oldest first. */
export async function listDeliveries(db: Db, request: { eventId: string }): Promise<DeliveryRow[]> {
  const { rows } = await db.query<DeliveryRow>(`SELECT ${COLUMNS} FROM control.delivery WHERE event_id = $1 ORDER BY seq`, [
    request.eventId,
  ]);
  return rows;
}

/**
 * Once more, to the flows that are subscribed now; how many. A flow that still has the event before it does not get it twice. Of events that are
 * locked, whose state this writes.
 */
export async function insertReplays(tx: Transaction, request: { eventIds: readonly string[] }): Promise<number> {
  const done = await tx.query<{ deliveries: number }>(
    `WITH replayed AS (
       INSERT INTO control.delivery (event_id, flow_id, flow_version, round)
       SELECT DISTINCT e.id, s.flow_id, s.flow_version, (SELECT coalesce(max(d.round), 0) + 1 FROM control.delivery d WHERE d.event_id = e.id)
       FROM control.event e JOIN control.subscription s ON s.workspace_id = e.workspace_id
         AND s.connection_id IS NOT DISTINCT FROM e.connection_id AND s.event_type IN (e.type, '*')
         AND (s.subject IS NULL OR s.subject = e.subject)
       WHERE e.id = ANY($1::uuid[]) AND NOT EXISTS (
         SELECT FROM control.delivery d WHERE d.event_id = e.id AND d.flow_id = s.flow_id AND d.state IN ('pending', 'started'))
       RETURNING event_id
     ), marked AS (UPDATE control.event SET state = 'pending' WHERE id IN (SELECT event_id FROM replayed))
     SELECT count(*) AS deliveries FROM replayed`,
    [request.eventIds],
  );
  return theOne(done).deliveries;
}

/**
 * Takes deliveries that no workflow was started for, oldest first, so that no other relay starts them too; one that dies with them loses them when the
 * claim has passed. By delivery_pending.
 */
export async function claimDeliveries(db: Db, request: { limit: number; claimMs: number }): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE control.delivery SET claimed_until = now() + $2::double precision * interval '1 millisecond' WHERE id IN (
       SELECT id FROM control.delivery WHERE state = 'pending' AND (claimed_until IS NULL OR claimed_until < now())
       ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING id`,
    [request.limit, request.claimMs],
  );
  return rows.map(({ id }) => id);
}

/** Gives claimed deliveries back: they could not be started. */
export async function releaseDeliveries(db: Db, request: { ids: readonly string[] }): Promise<void> {
  await db.query(`UPDATE control.delivery SET claimed_until = NULL WHERE id = ANY($1::uuid[]) AND state = 'pending'`, [
    request.ids,
  ]);
}

/** pending → started; one that has even ended stays so. */
export async function markDeliveriesStarted(db: Db, request: { ids: readonly string[] }): Promise<void> {
  await db.query(
    `UPDATE control.delivery SET state = 'started', started_at = now() WHERE id = ANY($1::uuid[]) AND state = 'pending'`,
    [request.ids],
  );
}

/** started → pending: those of which nothing was heard since, at most `limit`; how many. A flow's run is written when its workflow begins. By delivery_started. */
export async function putBackDeliveries(db: Db, request: { olderThanMs: number; limit: number }): Promise<number> {
  const done = await db.query(
    `UPDATE control.delivery SET state = 'pending', claimed_until = NULL WHERE state = 'started' AND id IN (
       SELECT d.id FROM control.delivery d
       WHERE d.state = 'started' AND d.started_at < now() - make_interval(secs => $1::double precision / 1000)
         AND NOT EXISTS (SELECT FROM control.flow_run r WHERE r.id = d.id)
       ORDER BY d.started_at LIMIT $2)`,
    [request.olderThanMs, request.limit],
  );
  return done.rowCount ?? 0;
}

/** The first end counts; whether this was it. */
export async function finishDelivery(
  tx: Transaction,
  request: { id: string; state: 'succeeded' | 'failed'; error: string | null },
): Promise<boolean> {
  const done = await tx.query(
    `UPDATE control.delivery SET state = $2, error = $3, started_at = coalesce(started_at, now()), finished_at = now()
     WHERE id = $1 AND state IN ('pending', 'started')`,
    [request.id, request.state, request.error],
  );
  return done.rowCount === 1;
}
