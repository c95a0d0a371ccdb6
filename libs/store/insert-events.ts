import { isDeepStrictEqual } from 'node:util';
import type { Db } from './database.js';
import type { EventRow } from './events.repository.js';

export type NewEvent = Omit<EventRow, 'seq' | 'receivedAt' | 'state'>;

export interface InsertedEvent {
  id: string;
  /** false: it was there already, and nothing was stored. */
  isNew: boolean;
  /** Flows that will hear of it. */
  deliveries: number;
}

/**
 * Rows are made in the order of their keys, so that two statements with the same events never wait for each other; their numbers say in which order they came.
 * Subscriptions are found by the unique index on them.
 */
const INSERT = `WITH incoming AS MATERIALIZED (
    SELECT nextval('control.event_seq_seq') AS seq, given.*
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::bytea[])
      AS given (id, workspace_id, connection_id, kind, type, subject, dedupe_key, occurred_at, body)
  ), wanted AS (
    SELECT DISTINCT i.id, s.flow_id, s.flow_version FROM incoming i JOIN control.subscription s ON s.workspace_id = i.workspace_id
      AND s.connection_id IS NOT DISTINCT FROM i.connection_id AND s.event_type IN (i.type, '*') AND (s.subject IS NULL OR s.subject = i.subject)
  ), made AS (
    INSERT INTO control.event (id, seq, workspace_id, connection_id, kind, type, subject, dedupe_key, occurred_at, body, state) OVERRIDING SYSTEM VALUE
    SELECT id, seq, workspace_id, connection_id, kind, type, subject, dedupe_key, occurred_at, body,
      CASE WHEN EXISTS (SELECT FROM wanted w WHERE w.id = i.id) THEN 'pending' ELSE 'unmatched' END
    FROM incoming i ORDER BY workspace_id, connection_id, dedupe_key, seq
    ON CONFLICT (workspace_id, connection_id, dedupe_key) DO NOTHING RETURNING id, seq
  ), delivered AS (
    INSERT INTO control.delivery (event_id, flow_id, flow_version)
    SELECT made.id, w.flow_id, w.flow_version FROM made JOIN wanted w ON w.id = made.id ORDER BY made.seq RETURNING event_id
  )
  SELECT id, (SELECT count(*) FROM delivered d WHERE d.event_id = made.id) AS deliveries FROM made`;

/**
 * Stores events, each with its deliveries, one to each flow that is subscribed to it, all in one statement or none; one with the dedupe key of another, stored before or
 * given before it, changes nothing. What became of each, in their order.
 */
export async function insertEvents(db: Db, events: readonly NewEvent[]): Promise<InsertedEvent[]> {
  const column = <Name extends keyof NewEvent>(name: Name): NewEvent[Name][] => events.map((event) => event[name]);
  const { rows } = await db.query<{ id: string; deliveries: number }>(INSERT, [
    ...[column('id'), column('workspaceId'), column('connectionId'), column('kind'), column('type'), column('subject')],
    ...[column('dedupeKey'), column('occurredAt'), column('body')],
  ]);
  const made = new Map(rows.map(({ id, deliveries }) => [id, deliveries]));
  const known = await knownIds(
    db,
    events.filter(({ id }) => !made.has(id)),
  );
  return events.map((event) => {
    const deliveries = made.get(event.id);
    if (deliveries !== undefined) return { id: event.id, isNew: true, deliveries };
    // The one that was there may have been purged between the two statements: it was acknowledged, and so is this.
    return { id: known.get(event) ?? event.id, isNew: false, deliveries: 0 };
  });
}

type Owner = Pick<NewEvent, 'workspaceId' | 'connectionId'>;
const ownerOf = ({ workspaceId, connectionId }: NewEvent): Owner => ({ workspaceId, connectionId });

/** The ids under which events with the same dedupe keys are stored: a statement for each account, by the unique index. */
async function knownIds(db: Db, events: readonly NewEvent[]): Promise<Map<NewEvent, string>> {
  const ids = new Map<NewEvent, string>();
  for (let left = events; left[0] !== undefined;) {
    const owner = ownerOf(left[0]);
    const own = left.filter((event) => isDeepStrictEqual(ownerOf(event), owner));
    const { rows } = await db.query<{ id: string; key: string }>(
      `SELECT id, dedupe_key AS key FROM control.event
       WHERE workspace_id = $1 AND (connection_id = $2::uuid OR ($2::uuid IS NULL AND connection_id IS NULL)) AND dedupe_key = ANY($3::text[])`,
      [owner.workspaceId, owner.connectionId, own.map(({ dedupeKey }) => dedupeKey)],
    );
    for (const event of own) {
      const id = rows.find(({ key }) => key === event.dedupeKey)?.id;
      if (id !== undefined) ids.set(event, id);
    }
    left = left.filter((event) => !own.includes(event));
  }
  return ids;
}
