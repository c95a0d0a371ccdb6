import type { BudgetLimit } from '../contracts/budget.schema.js';
import type { JsonObject } from '../contracts/json.js';
import { one, theOne, type Db, type Transaction } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';

export interface ConnectionRow {
  id: string;
  seq: number;
  workspaceId: string;
  name: string;
  connector: string;
  /** Without secrets. */
  config: JsonObject;
  /** Encrypted JSON of the fields that the connector marks as secret (libs/secrets); null when there are none. */
  secrets: Buffer | null;
  /** Limits declared for the account; null: none. */
  budget: { limits: BudgetLimit[] } | null;
  revision: number;
  /** Its credentials were refused then; null: they were not. */
  needsReauthorizationSince: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS = `id, seq, workspace_id AS "workspaceId", name, connector, config, secrets, budget, revision,
  needs_reauthorization_since AS "needsReauthorizationSince", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Unique violation of `connection_name`: the name is taken. */
export async function insertConnection(
  db: Db,
  request: Pick<ConnectionRow, 'id' | 'workspaceId' | 'name' | 'connector' | 'config' | 'secrets' | 'budget'>,
): Promise<ConnectionRow> {
  return theOne(
    await db.query<ConnectionRow>(
      `INSERT INTO control.connection (id, workspace_id, name, connector, config, secrets, budget)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
      [
        request.id,
        request.workspaceId,
        request.name,
        request.connector,
        JSON.stringify(request.config),
        request.secrets,
        request.budget === null ? null : JSON.stringify(request.budget),
      ],
    ),
  );
}

export async function findConnection(db: Db, request: { workspaceId: string; id: string }): Promise<ConnectionRow | null> {
  return one(
    await db.query<ConnectionRow>(
      `SELECT ${COLUMNS} FROM control.connection WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL`,
      [request.workspaceId, request.id],
    ),
  );
}

/** By connection_name. */
export async function findConnectionByName(
  db: Db,
  request: { workspaceId: string; name: string },
): Promise<ConnectionRow | null> {
  return one(
    await db.query<ConnectionRow>(
      `SELECT ${COLUMNS} FROM control.connection WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL`,
      [request.workspaceId, request.name],
    ),
  );
}

/** In order of creation. */
export async function listConnections(
  db: Db,
  request: { workspaceId: string } & PageRequest,
): Promise<PageResult<ConnectionRow>> {
  const result = await db.query<ConnectionRow>(
    `SELECT ${COLUMNS} FROM control.connection
     WHERE workspace_id = $1 AND deleted_at IS NULL AND seq > coalesce($2::bigint, 0) ORDER BY seq LIMIT $3`,
    [request.workspaceId, request.after, request.limit + 1],
  );
  return toPage(result.rows, request.limit);
}

/** Replaces what may change, if nobody else did since `revision`; null when somebody did, or the connection is gone. */
export async function updateConnection(
  db: Db,
  request: Pick<ConnectionRow, 'id' | 'workspaceId' | 'name' | 'config' | 'secrets' | 'budget' | 'revision'>,
): Promise<ConnectionRow | null> {
  return one(
    await db.query<ConnectionRow>(
      `UPDATE control.connection
       SET name = $4, config = $5, secrets = $6, budget = $7, revision = revision + 1, updated_at = now(),
         needs_reauthorization_since = CASE WHEN config IS DISTINCT FROM $5::jsonb OR secrets IS DISTINCT FROM $6::bytea THEN NULL ELSE needs_reauthorization_since END
       WHERE workspace_id = $1 AND id = $2 AND revision = $3 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
      [
        request.workspaceId,
        request.id,
        request.revision,
        request.name,
        JSON.stringify(request.config),
        request.secrets,
        request.budget === null ? null : JSON.stringify(request.budget),
      ],
    ),
  );
}

/** Holds the connection against deletion (share) or against new syncs (update) until the transaction ends; null when it is gone. */
export async function lockConnection(
  tx: Db,
  request: { workspaceId: string; id: string; strength: 'share' | 'update' },
): Promise<ConnectionRow | null> {
  return one(
    await tx.query<ConnectionRow>(
      `SELECT ${COLUMNS} FROM control.connection WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL
       ${request.strength === 'share' ? 'FOR SHARE' : 'FOR UPDATE'}`,
      [request.workspaceId, request.id],
    ),
  );
}

/** Marks as deleted and forgets configuration and credentials, those of the vault and the hooks too. */
export async function deleteConnection(db: Db, request: { workspaceId: string; id: string }): Promise<boolean> {
  const result = await db.query(
    `WITH gone AS (
       UPDATE control.connection SET deleted_at = now(), config = '{}', secrets = NULL, budget = NULL
       WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING id
     ), forgotten AS (DELETE FROM control.credential WHERE connection_id IN (SELECT id FROM gone)
     ), closed AS (DELETE FROM control.hook WHERE connection_id IN (SELECT id FROM gone))
     SELECT id FROM gone`,
    [request.workspaceId, request.id],
  );
  return result.rowCount === 1;
}

/**
 * The credentials were refused: when that was noticed, unless it had been, or the connection changed after `asOf` (a revision, or a time). null: nothing is new.
 */
export async function setNeedsReauthorization(
  tx: Transaction,
  request: { id: string; asOf: { revision: number } | { time: Date } },
): Promise<{ workspaceId: string; name: string; connector: string; revision: number; since: Date } | null> {
  const { id, asOf } = request;
  const [unchanged, value] = 'revision' in asOf ? ['revision = $2', asOf.revision] : ['updated_at <= $2', asOf.time];
  return one(
    await tx.query<{ workspaceId: string; name: string; connector: string; revision: number; since: Date }>(
      `UPDATE control.connection SET needs_reauthorization_since = clock_timestamp()
       WHERE id = $1 AND ${unchanged} AND needs_reauthorization_since IS NULL AND deleted_at IS NULL
       RETURNING workspace_id AS "workspaceId", name, connector, revision, needs_reauthorization_since AS since`,
      [id, value],
    ),
  );
}

/** The credentials were accepted. */
export async function clearNeedsReauthorization(db: Db, request: { ids: readonly string[] }): Promise<void> {
  await db.query(
    `UPDATE control.connection SET needs_reauthorization_since = NULL WHERE id = ANY($1::uuid[]) AND needs_reauthorization_since IS NOT NULL`,
    [request.ids],
  );
}
