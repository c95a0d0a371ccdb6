import { API_SCOPES, type ApiScope } from '../contracts/api-scope.js';
import { inTransaction, one, type Db, type Pool } from './database.js';

/** What a key may do. */
export interface KeyRights {
  scopes: readonly ApiScope[];
  /** Ids of the connections whose actions it may call; null: all. */
  connections: readonly string[] | null;
  /** Null: as many as it likes. */
  callsPerMinute: number | null;
}

export interface ApiKeyRow extends KeyRights {
  id: string;
  name: string;
  createdAt: Date;
}

/** Of a key that opens a workspace. */
export interface OpenedBy extends KeyRights {
  workspaceId: string;
  apiKeyId: string;
}

const RIGHTS = 'scopes, connections, calls_per_minute AS "callsPerMinute"';
const COLUMNS = `id, name, created_at AS "createdAt", ${RIGHTS}`;

/** What the key with this SHA-256 opens; null: unknown or revoked. By the unique index on hash. */
export async function findByKeyHash(db: Db, request: { hash: Buffer }): Promise<OpenedBy | null> {
  return one(
    await db.query<OpenedBy>(
      `SELECT workspace_id AS "workspaceId", id AS "apiKeyId", ${RIGHTS} FROM control.api_key WHERE hash = $1 AND revoked_at IS NULL`,
      [request.hash],
    ),
  );
}

/** Registers a key's hash, without `rights` for everything; null when it is there already (a revoked one stays revoked). */
export async function insertApiKey(
  db: Db,
  request: { workspaceId: string; name: string; hash: Buffer; rights?: KeyRights },
): Promise<ApiKeyRow | null> {
  const { scopes, connections, callsPerMinute }: KeyRights = request.rights ?? {
    scopes: API_SCOPES,
    connections: null,
    callsPerMinute: null,
  };
  return one(
    await db.query<ApiKeyRow>(
      `INSERT INTO control.api_key (workspace_id, name, hash, scopes, connections, calls_per_minute) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (hash) DO NOTHING RETURNING ${COLUMNS}`,
      [request.workspaceId, request.name, request.hash, scopes, connections, callsPerMinute],
    ),
  );
}

/** Keys that work, oldest first: one more than `limit` when there are more. */
export async function listApiKeys(
  db: Db,
  request: { workspaceId: string; limit: number; after: string | null },
): Promise<ApiKeyRow[]> {
  const { rows } = await db.query<ApiKeyRow>(
    `SELECT ${COLUMNS} FROM control.api_key
     WHERE workspace_id = $1 AND revoked_at IS NULL
       AND ($2::uuid IS NULL OR (created_at, id) > (SELECT created_at, id FROM control.api_key WHERE id = $2))
     ORDER BY created_at, id LIMIT $3`,
    [request.workspaceId, request.after, request.limit + 1],
  );
  return rows;
}

/** Ends a key at once; `last`: no other one that works may operate, and it stays. The workspace's row makes two who revoke at once take turns. */
export function revokeApiKey(pool: Pool, request: { workspaceId: string; id: string }): Promise<'revoked' | 'last' | 'unknown'> {
  return inTransaction(pool, async (db) => {
    await db.query('SELECT FROM control.workspace WHERE id = $1 FOR UPDATE', [request.workspaceId]);
    const { rows } = await db.query<{ id: string; operates: boolean }>(
      `SELECT id, 'operate' = ANY (scopes) AS operates FROM control.api_key WHERE workspace_id = $1 AND revoked_at IS NULL
       ORDER BY id = $2 DESC, operates DESC LIMIT 2`,
      [request.workspaceId, request.id],
    );
    const [key, other] = rows;
    if (key?.id !== request.id) return 'unknown';
    if (key.operates && other?.operates !== true) return 'last';
    await db.query('UPDATE control.api_key SET revoked_at = now() WHERE id = $1', [request.id]);
    return 'revoked';
  });
}
