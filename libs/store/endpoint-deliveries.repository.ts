import type { EndpointDeliveryState } from '../contracts/webhook-endpoint.schema.js';
import { one, theOne, type Db } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';
import { toldEndpoints } from './tell-endpoints.js';

/** One try to tell an endpoint. Nothing of what it answered but the status. */
export interface EndpointTry {
  /** ISO time. */
  at: string;
  status: number | null;
  /** Code, where there is no answer. */
  error: string | null;
  latency_ms: number;
}

/** What a webhook endpoint is told of. */
export interface EndpointDeliveryRow {
  /** The `webhook-id` of every try. */
  id: string;
  seq: number;
  endpointId: string;
  type: string;
  data: Record<string, unknown>;
  state: EndpointDeliveryState;
  /** Tries that were begun since it was last replayed. */
  attempts: number;
  /** Of the next try, or the last. */
  dueAt: Date;
  tries: EndpointTry[];
  createdAt: Date;
  finishedAt: Date | null;
}

const TRIES_KEPT = 20;
const COLUMNS = `id, seq, endpoint_id AS "endpointId", type, data, state, attempts, due_at AS "dueAt", tries, created_at AS "createdAt",
  finished_at AS "finishedAt"`;

type Told = Pick<EndpointDeliveryRow, 'type' | 'data'>;

/** To each endpoint that wants to hear it, in the caller's transaction. */
export async function tellEndpoints(db: Db, request: Told & { workspaceId: string }): Promise<void> {
  await db.query(
    `WITH said AS (SELECT $1::uuid AS workspace_id), ${toldEndpoints({ from: 'said', type: '$2::text', data: '$3::jsonb' })} SELECT FROM told`,
    [request.workspaceId, request.type, JSON.stringify(request.data)],
  );
}

/** To one endpoint, whatever it wants to hear. */
export async function insertEndpointDelivery(db: Db, request: Told & { endpointId: string }): Promise<EndpointDeliveryRow> {
  return theOne(
    await db.query<EndpointDeliveryRow>(
      `INSERT INTO control.endpoint_delivery (endpoint_id, type, data) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
      [request.endpointId, request.type, JSON.stringify(request.data)],
    ),
  );
}

export interface EndpointDeliveryFilter {
  endpointId: string;
  state: EndpointDeliveryState | null;
  type: string | null;
  /** Made at this time or later. */
  since: Date | null;
  /** Made before this time. */
  until: Date | null;
}

const FILTER = `endpoint_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR type = $3)
  AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)`;
const filterValues = ({ endpointId, state, type, since, until }: EndpointDeliveryFilter): unknown[] => [
  ...[endpointId, state, type, since, until],
];

/** Newest first. By endpoint_delivery_endpoint. */
export async function listEndpointDeliveries(
  db: Db,
  request: EndpointDeliveryFilter & PageRequest,
): Promise<PageResult<EndpointDeliveryRow>> {
  const { rows } = await db.query<EndpointDeliveryRow>(
    `SELECT ${COLUMNS} FROM control.endpoint_delivery WHERE ${FILTER} AND ($6::bigint IS NULL OR seq < $6) ORDER BY seq DESC LIMIT $7`,
    [...filterValues(request), request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

/** Tries begin anew, with the same id; one that is pending is due at once. */
const AGAIN = `state = 'pending', attempts = 0, due_at = now(), finished_at = NULL`;

/** null: there is none. One that is being sent just now comes twice. */
export async function replayEndpointDelivery(
  db: Db,
  request: { endpointId: string; id: string },
): Promise<EndpointDeliveryRow | null> {
  return one(
    await db.query<EndpointDeliveryRow>(
      `UPDATE control.endpoint_delivery SET ${AGAIN} WHERE id = $1 AND endpoint_id = $2 RETURNING ${COLUMNS}`,
      [request.id, request.endpointId],
    ),
  );
}

/** How many. */
export async function replayEndpointDeliveries(db: Db, request: EndpointDeliveryFilter): Promise<number> {
  const done = await db.query(`UPDATE control.endpoint_delivery SET ${AGAIN} WHERE ${FILTER}`, filterValues(request));
  return done.rowCount ?? 0;
}

/** A delivery that is to be sent now, with its endpoint. */
export interface ClaimedDelivery extends Pick<
  EndpointDeliveryRow,
  'id' | 'endpointId' | 'type' | 'data' | 'attempts' | 'createdAt'
> {
  /** The fence: only who has the last one says what became of it. */
  claims: number;
  workspaceId: string;
  /** Encrypted: address and secrets of the endpoint. */
  sealed: Buffer;
}

/**
 * Takes deliveries that are due for `leaseMs`: if their sender dies, they are due again then. No endpoint has more than `atOnce` under way, or `whenFailing`
 * once a try failed, with those of `busy` that this process has already, so that one that answers slowly or not at all holds up no other. By
 * endpoint_delivery_due.
 */
export async function claimEndpointDeliveries(
  db: Db,
  request: { limit: number; leaseMs: number; atOnce: number; whenFailing: number; busy: Readonly<Record<string, number>> },
): Promise<ClaimedDelivery[]> {
  const { limit, leaseMs, atOnce, whenFailing, busy } = request;
  const { rows } = await db.query<ClaimedDelivery>(
    `UPDATE control.endpoint_delivery d SET due_at = now() + $2::double precision * interval '1 millisecond', claims = claims + 1,
       attempts = attempts + 1
     FROM control.webhook_endpoint e
     WHERE e.id = d.endpoint_id AND d.id IN (
       SELECT due.id FROM control.webhook_endpoint w CROSS JOIN LATERAL (
         SELECT p.id, p.due_at FROM control.endpoint_delivery p WHERE p.endpoint_id = w.id AND p.state = 'pending' AND p.due_at <= now()
         ORDER BY p.due_at LIMIT greatest(0, CASE WHEN w.failing THEN $4::int ELSE $3::int END - coalesce(($5::jsonb ->> w.id::text)::int, 0))
         FOR UPDATE SKIP LOCKED) due
       WHERE w.enabled ORDER BY due.due_at LIMIT $1)
     RETURNING d.id, d.endpoint_id AS "endpointId", d.type, d.data, d.attempts, d.claims, d.created_at AS "createdAt",
       e.workspace_id AS "workspaceId", e.sealed`,
    [limit, leaseMs, atOnce, whenFailing, JSON.stringify(busy)],
  );
  return rows;
}

/** What follows from a try: it is over, or there is another one in `inMs`. `gone`: nobody is told any more, until the endpoint is enabled again. */
export type AfterTry = { state: 'succeeded' | 'failed'; gone: boolean } | { state: 'pending'; inMs: number };

/** Writes what became of a try, and whether its endpoint works. Whether it was ours to say. */
export async function recordEndpointTry(
  db: Db,
  request: Pick<ClaimedDelivery, 'id' | 'claims'> & { made: EndpointTry; after: AfterTry },
): Promise<boolean> {
  const { id, claims, made, after } = request;
  const inMs = after.state === 'pending' ? after.inMs : null;
  const gone = after.state !== 'pending' && after.gone;
  const done = await db.query(
    `WITH tried AS (
       UPDATE control.endpoint_delivery SET state = $3,
         tries = (CASE WHEN jsonb_array_length(tries) >= ${TRIES_KEPT} THEN tries - 0 ELSE tries END) || $4::jsonb,
         due_at = CASE WHEN $5::double precision IS NULL THEN due_at ELSE now() + $5 * interval '1 millisecond' END,
         finished_at = CASE WHEN $5 IS NULL THEN now() END
       WHERE id = $1 AND claims = $2 AND state = 'pending' RETURNING endpoint_id
     ), told AS (
       UPDATE control.webhook_endpoint e SET failing = $6, enabled = e.enabled AND NOT $7,
         disabled_by = CASE WHEN e.enabled AND $7 THEN 'gone' ELSE e.disabled_by END
       FROM tried WHERE e.id = tried.endpoint_id AND (e.failing <> $6 OR $7)
     )
     SELECT FROM tried`,
    [id, claims, after.state, JSON.stringify([made]), inMs, after.state !== 'succeeded', gone],
  );
  return done.rowCount === 1;
}

/** Gives one back that was not sent: this was no try. */
export async function releaseEndpointDelivery(
  db: Db,
  request: Pick<ClaimedDelivery, 'id' | 'claims'> & { inMs: number },
): Promise<void> {
  await db.query(
    `UPDATE control.endpoint_delivery SET attempts = greatest(0, attempts - 1), due_at = now() + $3::double precision * interval '1 millisecond'
     WHERE id = $1 AND claims = $2 AND state = 'pending'`,
    [request.id, request.claims, request.inMs],
  );
}

/**
 * Those that ended, or were last due, so long ago, at most `limit`; returns how many. What is still tried, which takes days, stays so long at least. By
 * endpoint_delivery_age.
 */
export async function purgeEndpointDeliveries(
  db: Db,
  request: { days: number; pendingDays: number; limit: number },
): Promise<number> {
  const done = await db.query(
    `DELETE FROM control.endpoint_delivery WHERE id IN (
       SELECT id FROM control.endpoint_delivery WHERE due_at < now() - make_interval(days => $1)
         AND (state <> 'pending' OR due_at < now() - make_interval(days => greatest($1, $2)))
       ORDER BY due_at LIMIT $3)`,
    [request.days, request.pendingDays, request.limit],
  );
  return done.rowCount ?? 0;
}
