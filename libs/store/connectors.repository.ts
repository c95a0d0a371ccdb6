import { contentHash } from './canonical-json.js';
import { one, theOne, type Db, type Transaction } from './database.js';
import type { JsonObject } from '../contracts/json.js';
import { Kept } from './kept.js';

/** Manifests are up to a few MB. */
const kept = new Kept<ConnectorRow>(100);

export interface ConnectorRow {
  workspaceId: string;
  name: string;
  /** SHA-256 of the manifest's canonical JSON, with the sluice.yaml where there is one: the version. */
  hash: string;
  kind: 'source' | 'destination';
  /** null for code connectors. */
  manifest: JsonObject | null;
  /** A sluice.yaml beside the manifest, as JSON; null: there is none. */
  sluice: JsonObject | null;
  createdAt: Date;
}

/** What a version is called: a digest of its content. */
export const connectorHash = ({ manifest, sluice = null }: { manifest: JsonObject | null; sluice?: JsonObject | null }): string =>
  contentHash(sluice === null ? manifest : { manifest, sluice });

const COLUMNS = `workspace_id AS "workspaceId", name, hash, kind, manifest, sluice, created_at AS "createdAt"`;

/** Takes the current mark off every other version of the connector. Comes before putConnector in one transaction: one version is current. */
export async function retireConnector(
  tx: Transaction,
  request: { workspaceId: string; name: string; exceptHash: string },
): Promise<void> {
  await tx.query(
    `UPDATE control.connector SET current = false WHERE workspace_id = $1 AND name = $2 AND current AND hash <> $3`,
    [request.workspaceId, request.name, request.exceptHash],
  );
}

/** Adds a version, or makes an old one current again. */
export async function putConnector(
  tx: Transaction,
  request: Pick<ConnectorRow, 'workspaceId' | 'name' | 'hash' | 'kind' | 'manifest'> & { sluice?: JsonObject | null },
): Promise<ConnectorRow> {
  return theOne(
    await tx.query<ConnectorRow>(
      `INSERT INTO control.connector (workspace_id, name, hash, kind, manifest, sluice, current) VALUES ($1, $2, $3, $4, $5, $6, true)
       ON CONFLICT (workspace_id, name, hash) DO UPDATE SET current = true
       RETURNING ${COLUMNS}`,
      [
        request.workspaceId,
        request.name,
        request.hash,
        request.kind,
        request.manifest === null ? null : JSON.stringify(request.manifest),
        request.sluice == null ? null : JSON.stringify(request.sluice),
      ],
    ),
  );
}

/** Whether this version is known, current or not. */
export async function hasConnectorVersion(
  db: Db,
  request: { workspaceId: string; name: string; hash: string },
): Promise<boolean> {
  const result = await db.query(`SELECT 1 FROM control.connector WHERE workspace_id = $1 AND name = $2 AND hash = $3`, [
    request.workspaceId,
    request.name,
    request.hash,
  ]);
  return result.rowCount === 1;
}

/** The current version. Frozen, as findConnectorVersion. */
export async function findConnector(db: Db, request: { workspaceId: string; name: string }): Promise<ConnectorRow | null> {
  const current = one(
    await db.query<{ hash: string }>('SELECT hash FROM control.connector WHERE workspace_id = $1 AND name = $2 AND current', [
      request.workspaceId,
      request.name,
    ]),
  );
  return current === null ? null : findConnectorVersion(db, { ...request, hash: current.hash });
}

/** One version, current or not. It never changes: it is read once, and shared. Frozen, so that what is compiled of it is kept with it. */
export async function findConnectorVersion(
  db: Db,
  { workspaceId, name, hash }: { workspaceId: string; name: string; hash: string },
): Promise<ConnectorRow | null> {
  const key = `${workspaceId} ${name} ${hash}`;
  const known = kept.get(db, key);
  if (known !== undefined) return known;
  const row = one(
    await db.query<ConnectorRow>(`SELECT ${COLUMNS} FROM control.connector WHERE workspace_id = $1 AND name = $2 AND hash = $3`, [
      ...[workspaceId, name, hash],
    ]),
  );
  return row === null ? null : kept.keep(db, key, row);
}

/** Current versions by name; `after` is the last name seen. Returns at most limit + 1 rows. */
export async function listConnectors(
  db: Db,
  request: { workspaceId: string; limit: number; after: string | null },
): Promise<ConnectorRow[]> {
  const result = await db.query<ConnectorRow>(
    `SELECT ${COLUMNS} FROM control.connector
     WHERE workspace_id = $1 AND current AND name > coalesce($2, '') ORDER BY name LIMIT $3`,
    [request.workspaceId, request.after, request.limit + 1],
  );
  return result.rows;
}

export interface ConnectorVersionRow {
  hash: string;
  createdAt: Date;
  current: boolean;
  /** As its sluice.yaml declares it. */
  apiVersion: string | { version: string; in: string; name?: string } | null;
  retirementsUrl: string | null;
}

/** All versions of a connector, newest first; at most `limit`. */
export async function listConnectorVersions(
  db: Db,
  request: { workspaceId: string; name: string; limit: number },
): Promise<ConnectorVersionRow[]> {
  const result = await db.query<ConnectorVersionRow>(
    `SELECT hash, created_at AS "createdAt", current, sluice -> 'api_version' AS "apiVersion", sluice #>> '{retirements,url}' AS "retirementsUrl" FROM control.connector
     WHERE workspace_id = $1 AND name = $2 ORDER BY created_at DESC, hash LIMIT $3`,
    [request.workspaceId, request.name, request.limit],
  );
  return result.rows;
}

/** The connections of a connector with the syncs that read from them, as their next run would. In order of creation; returns at most limit + 1. */
export async function listConnectorUses(
  db: Db,
  request: { workspaceId: string; name: string; limit: number },
): Promise<{ connectionId: string; syncs: { id: string; name: string; streams: string[] }[] }[]> {
  const result = await db.query<{ connectionId: string; syncs: { id: string; name: string; streams: string[] }[] }>(
    `SELECT c.id AS "connectionId", coalesce(s.syncs, '[]') AS syncs
     FROM control.connection c
     LEFT JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('id', y.id, 'name', y.name, 'streams', jsonb_path_query_array(v.spec, '$.streams[*].name'))
         ORDER BY y.seq) AS syncs
       FROM control.sync y JOIN control.sync_version v ON v.sync_id = y.id AND v.version = y.version
       WHERE y.source_id = c.id AND y.deleted_at IS NULL
     ) s ON true
     WHERE c.workspace_id = $1 AND c.connector = $2 AND c.deleted_at IS NULL ORDER BY c.seq LIMIT $3`,
    [request.workspaceId, request.name, request.limit + 1],
  );
  return result.rows;
}
