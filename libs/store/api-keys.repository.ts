import { one, type Db } from './database.js';

/** The workspace that a key's SHA-256 opens; null: unknown or revoked. By the unique index on hash. */
export async function findWorkspaceByKeyHash(db: Db, request: { hash: Buffer }): Promise<string | null> {
  const row = one(
    await db.query<{ workspaceId: string }>(
      `SELECT workspace_id AS "workspaceId" FROM control.api_key WHERE hash = $1 AND revoked_at IS NULL`,
      [request.hash],
    ),
  );
  return row?.workspaceId ?? null;
}

/** Registers a key's hash; nothing happens when it is there already (a revoked one stays revoked). */
export async function insertApiKey(db: Db, request: { workspaceId: string; name: string; hash: Buffer }): Promise<void> {
  await db.query(`INSERT INTO control.api_key (workspace_id, name, hash) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING`, [
    request.workspaceId,
    request.name,
    request.hash,
  ]);
}
