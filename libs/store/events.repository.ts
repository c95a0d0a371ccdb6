import type { EventKind, EventState } from '../contracts/event.schema.js';
import { one, type Db, type Transaction } from './database.js';
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
