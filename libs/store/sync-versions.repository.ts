import type { SyncSpec } from '../contracts/sync-spec.schema.js';
import { one, type Db } from './database.js';

export interface SyncVersionRow {
  syncId: string;
  version: number;
  hash: string;
  spec: SyncSpec;
  /** Streams to load anew because of this change. */
  resets: string[];
  createdAt: Date;
}

const COLUMNS = `sync_id AS "syncId", version, hash, spec, resets, created_at AS "createdAt"`;

export async function insertSyncVersion(db: Db, request: Omit<SyncVersionRow, 'createdAt'>): Promise<void> {
  await db.query(`INSERT INTO control.sync_version (sync_id, version, hash, spec, resets) VALUES ($1, $2, $3, $4, $5)`, [
    request.syncId,
    request.version,
    request.hash,
    JSON.stringify(request.spec),
    request.resets,
  ]);
}

export async function getSyncVersion(db: Db, request: { syncId: string; version: number }): Promise<SyncVersionRow | null> {
  return one(
    await db.query<SyncVersionRow>(`SELECT ${COLUMNS} FROM control.sync_version WHERE sync_id = $1 AND version = $2`, [
      request.syncId,
      request.version,
    ]),
  );
}

/** Newest first; `before`: only versions below. Returns at most limit + 1 rows. */
export async function listSyncVersions(
  db: Db,
  request: { syncId: string; before: number | null; limit: number },
): Promise<SyncVersionRow[]> {
  const result = await db.query<SyncVersionRow>(
    `SELECT ${COLUMNS} FROM control.sync_version
     WHERE sync_id = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`,
    [request.syncId, request.before, request.limit + 1],
  );
  return result.rows;
}

/**
 * Streams that versions after `afterVersion` up to `upToVersion` want loaded anew: what a run has to reset besides what its own
 * request says, `afterVersion` being the version of the last run that prepared its streams (0: none).
 */
export async function listVersionResets(
  db: Db,
  request: { syncId: string; afterVersion: number; upToVersion: number },
): Promise<string[]> {
  const result = await db.query<{ stream: string }>(
    `SELECT DISTINCT unnest(resets) AS stream FROM control.sync_version WHERE sync_id = $1 AND version > $2 AND version <= $3`,
    [request.syncId, request.afterVersion, request.upToVersion],
  );
  return result.rows.map((row) => row.stream);
}
