import type { EventKind, EventState } from '../contracts/event.schema.js';
import { one, theOne, type Db, type Transaction } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';
import { toldEndpoints } from './tell-endpoints.js';

export interface EventRow {
  id: string;
  /** Order of arrival. */
  seq: number;
  workspaceId: string;
  /** null: the system's own. */
  connectionId: string | null;
  kind: EventKind;
  type: string;
  /** What it is about, where the type does not say so: a sync or connection, a sync's stream. */
  subject: string | null;
  /** The provider's event id. */
  dedupeKey: string;
  occurredAt: Date | null;
  receivedAt: Date;
  /** Encrypted. */
  body: Buffer;
  state: EventState;
}

const META = `id, seq, workspace_id AS "workspaceId", connection_id AS "connectionId", kind, type, subject, dedupe_key AS "dedupeKey",
  occurred_at AS "occurredAt", received_at AS "receivedAt", state`;

export type EventSummaryRow = Omit<EventRow, 'body'>;
export type NewEvent = Omit<EventRow, 'seq' | 'receivedAt' | 'state'>;

/** A subscription `s` that wants an event of this workspace ($2), connection ($3), type ($5) and subject ($9). */
const WANTED = `s.workspace_id = $2 AND s.connection_id IS NOT DISTINCT FROM $3::uuid AND s.event_type IN ($5, '*')
           AND (s.subject IS NULL OR s.subject = $9)`;

/**
 * Stores an event with its deliveries, one to each flow that is subscribed to it, in one statement; one with the same dedupe key is there already and
 * changes nothing. Subscriptions are found by the unique index on them.
 */
export async function insertEvent(db: Db, event: NewEvent): Promise<{ id: string; isNew: boolean; deliveries: number }> {
  const { id, workspaceId, connectionId, kind, type, subject, dedupeKey, occurredAt, body } = event;
  const { made, deliveries } = theOne(
    await db.query<{ made: number; deliveries: number }>(
      `WITH wanted AS (
         SELECT DISTINCT s.flow_id, s.flow_version FROM control.subscription s WHERE ${WANTED}
       ), made AS (
         INSERT INTO control.event (id, workspace_id, connection_id, kind, type, dedupe_key, occurred_at, body, subject, state)
         VALUES ($1, $2, $3::uuid, $4, $5, $6, $7, $8, $9, CASE WHEN EXISTS (SELECT FROM wanted) THEN 'pending' ELSE 'unmatched' END)
         ON CONFLICT (workspace_id, connection_id, dedupe_key) DO NOTHING RETURNING id
       ), delivered AS (
         INSERT INTO control.delivery (event_id, flow_id, flow_version)
         SELECT made.id, wanted.flow_id, wanted.flow_version FROM made, wanted RETURNING 1
       )
       SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM delivered) AS deliveries`,
      [id, workspaceId, connectionId, kind, type, dedupeKey, occurredAt, body, subject],
    ),
  );
  if (made > 0) return { id, isNew: true, deliveries };
  const known = await db.query<{ id: string }>(
    `SELECT id FROM control.event WHERE workspace_id = $1 AND connection_id IS NOT DISTINCT FROM $2::uuid AND dedupe_key = $3`,
    [workspaceId, connectionId, dedupeKey],
  );
  // The one that was there may have been purged between the two statements: it was acknowledged, and so is this.
  return { id: one(known)?.id ?? id, isNew: false, deliveries: 0 };
}

export async function getEvent(db: Db, request: { id: string }): Promise<EventRow | null> {
  return one(await db.query<EventRow>(`SELECT ${META}, body FROM control.event WHERE id = $1`, [request.id]));
}

/** Takes an event's row for the transaction, so that one decides about its state at a time. */
export async function lockEvent(tx: Transaction, request: { id: string }): Promise<EventSummaryRow | null> {
  return one(await tx.query<EventSummaryRow>(`SELECT ${META} FROM control.event WHERE id = $1 FOR UPDATE`, [request.id]));
}

const TOLD_EVENT = `jsonb_build_object('event_id', id, 'connection_id', connection_id, 'kind', kind, 'type', type, 'received_at', received_at)`;

/** Writes what its newest delivery to each flow makes of an event; where it has failed now, webhook endpoints are told. Of an event that is locked. */
export async function refreshEventState(tx: Transaction, request: { id: string }): Promise<void> {
  await tx.query(
    `WITH before AS (
       SELECT state FROM control.event WHERE id = $1
     ), moved AS (
       UPDATE control.event SET state = (
         SELECT CASE WHEN count(*) = 0 THEN 'unmatched' WHEN bool_or(state IN ('pending', 'started')) THEN 'pending'
                     WHEN bool_or(state = 'failed') THEN 'failed' ELSE 'succeeded' END
         FROM (SELECT DISTINCT ON (flow_id) state FROM control.delivery WHERE event_id = $1 ORDER BY flow_id, seq DESC) newest)
       WHERE id = $1 RETURNING *
     ), ${toldEndpoints({
       from: `moved WHERE state = 'failed' AND NOT EXISTS (SELECT FROM before WHERE state = 'failed')`,
       type: `'event.failed'`,
       data: TOLD_EVENT,
     })}
     SELECT FROM moved`,
    [request.id],
  );
}

export interface EventFilter {
  workspaceId: string;
  connectionId: string | null;
  kind: EventKind | null;
  type: string | null;
  subject: string | null;
  state: EventState | null;
  /** Received at this time or later. */
  since: Date | null;
  /** Received before this time. */
  until: Date | null;
}

const FILTER = `workspace_id = $1 AND ($2::uuid IS NULL OR connection_id = $2) AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR type = $4) AND ($5::text IS NULL OR state = $5)
  AND ($6::timestamptz IS NULL OR received_at >= $6) AND ($7::timestamptz IS NULL OR received_at < $7) AND ($8::text IS NULL OR subject = $8)`;
const filterValues = (filter: EventFilter): unknown[] => [
  ...[filter.workspaceId, filter.connectionId, filter.kind, filter.type],
  ...[filter.state, filter.since, filter.until, filter.subject],
];

/** Newest first. By event_workspace or event_connection. */
export async function listEvents(db: Db, request: EventFilter & PageRequest): Promise<PageResult<EventSummaryRow>> {
  const { rows } = await db.query<EventSummaryRow>(
    `SELECT ${META} FROM control.event WHERE ${FILTER} AND ($9::bigint IS NULL OR seq < $9) ORDER BY seq DESC LIMIT $10`,
    [...filterValues(request), request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

/** Takes events for the transaction, oldest first, from the one after `after` on. */
export async function lockEvents(
  tx: Transaction,
  request: EventFilter & PageRequest,
): Promise<PageResult<{ id: string; seq: number }>> {
  const { rows } = await tx.query<{ id: string; seq: number }>(
    `SELECT id, seq FROM control.event WHERE ${FILTER} AND ($9::bigint IS NULL OR seq > $9) ORDER BY seq LIMIT $10 FOR UPDATE`,
    [...filterValues(request), request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

/** Events received so long ago of which no flow has anything to do any more, at most `limit`; returns how many. By event_received. */
export async function purgeEvents(db: Db, request: { days: number; limit: number }): Promise<number> {
  const done = await db.query(
    `DELETE FROM control.event WHERE id IN (
       SELECT id FROM control.event WHERE received_at < now() - make_interval(days => $1) AND state <> 'pending'
       ORDER BY received_at LIMIT $2)`,
    [request.days, request.limit],
  );
  return done.rowCount ?? 0;
}
