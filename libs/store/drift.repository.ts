import type { DriftChange } from '../contracts/drift.schema.js';
import { one, type Db, type Transaction } from './database.js';

/** What a sample is of: records of a stream, or results of an action, of a connection. */
export interface DriftSubject {
  workspaceId: string;
  connectionId: string;
  kind: 'stream' | 'action';
  operation: string;
}

export interface DriftRow {
  kind: 'stream' | 'action';
  operation: string;
  connector: string;
  change: DriftChange;
  pointer: string;
  /** Empty: nothing. */
  found: string;
  records: number;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

/** So many different ones are kept of an operation: what is really a map must not fill the store. */
const MOST_OF_OPERATION = 200;

const COLUMNS = `kind, operation, connector, change, pointer, found, records, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"`;

/** Adds a difference, or counts one that is known; null: there are too many others. */
export async function putDrift(
  tx: Transaction,
  request: DriftSubject & { change: string; pointer: string; found: string; records: number },
): Promise<{ connector: string; isNew: boolean } | null> {
  const { workspaceId, connectionId, kind, operation, change, pointer, found, records } = request;
  return one(
    await tx.query<{ connector: string; isNew: boolean }>(
      `INSERT INTO control.drift AS d (workspace_id, connection_id, connector, kind, operation, change, pointer, found, records)
       SELECT $1, c.id, c.connector, $3, $4, $5, $6, $7, $8 FROM control.connection AS c
       WHERE c.id = $2 AND ((SELECT count(*) FROM control.drift WHERE connection_id = $2 AND kind = $3 AND operation = $4) < ${MOST_OF_OPERATION}
         OR EXISTS (SELECT FROM control.drift WHERE connection_id = $2 AND kind = $3 AND operation = $4 AND change = $5 AND pointer = $6 AND found = $7))
       ON CONFLICT (connection_id, kind, operation, change, pointer, found) DO UPDATE SET records = d.records + EXCLUDED.records, last_seen_at = now()
       RETURNING connector, (xmax = 0) AS "isNew"`,
      [workspaceId, connectionId, kind, operation, change, pointer, found, records],
    ),
  );
}

/** Of a connection, by operation; at most limit + 1. */
export async function listDrift(
  db: Db,
  request: { workspaceId: string; connectionId: string; limit: number },
): Promise<DriftRow[]> {
  const { rows } = await db.query<DriftRow>(
    `SELECT ${COLUMNS} FROM control.drift WHERE workspace_id = $1 AND connection_id = $2 ORDER BY kind, operation, pointer, change, found LIMIT $3`,
    [request.workspaceId, request.connectionId, request.limit + 1],
  );
  return rows;
}

/** Fields that every sampled record of the stream had so far; null: there was no sample that was large enough. */
export async function getAlwaysThere(db: Db, { connectionId, operation }: DriftSubject): Promise<string[] | null> {
  const found = await db.query<{ fields: string[] }>(
    'SELECT fields FROM control.drift_baseline WHERE connection_id = $1 AND stream = $2',
    [connectionId, operation],
  );
  return one(found)?.fields ?? null;
}

/** Sets them the first time; later only takes away what is not among `fields`. */
export async function narrowAlwaysThere(
  db: Db,
  { connectionId, operation }: DriftSubject,
  fields: readonly string[],
): Promise<void> {
  await db.query(
    `INSERT INTO control.drift_baseline AS b (connection_id, stream, fields) VALUES ($1, $2, $3)
     ON CONFLICT (connection_id, stream) DO UPDATE SET fields = ARRAY(SELECT f FROM unnest(b.fields) f WHERE f = ANY (EXCLUDED.fields))`,
    [connectionId, operation, fields],
  );
}
