import { one, type Db } from './database.js';

export interface IdempotencyEntry {
  requestHash: Buffer;
  /** null while the first request is being answered. */
  status: number | null;
  headers: Record<string, string> | null;
  body: unknown;
}
interface Key {
  workspaceId: string;
  key: string;
}

/** How long an entry without a sign of life still counts as being answered. */
export const IDEMPOTENCY_ALIVE_SECONDS = 60;

/** Takes the key for the request `owner`; true when it was free, or was held by a request that died. */
export async function reserveIdempotencyKey(db: Db, request: Key & { requestHash: Buffer; owner: string }): Promise<boolean> {
  const result = await db.query(
    `INSERT INTO control.idempotency_key AS k (workspace_id, key, request_hash, owner) VALUES ($1, $2, $3, $4)
     ON CONFLICT (workspace_id, key) DO UPDATE
       SET request_hash = excluded.request_hash, owner = excluded.owner, alive_at = now(), created_at = now()
       WHERE k.status IS NULL AND k.alive_at < now() - make_interval(secs => ${IDEMPOTENCY_ALIVE_SECONDS})`,
    [request.workspaceId, request.key, request.requestHash, request.owner],
  );
  return result.rowCount === 1;
}

export async function findIdempotencyEntry(db: Db, request: Key): Promise<IdempotencyEntry | null> {
  return one(
    await db.query<IdempotencyEntry>(
      `SELECT request_hash AS "requestHash", status, headers, body FROM control.idempotency_key WHERE workspace_id = $1 AND key = $2`,
      [request.workspaceId, request.key],
    ),
  );
}

/** A sign of life of a request that takes long. */
export async function touchIdempotencyKey(db: Db, request: Key & { owner: string }): Promise<void> {
  await db.query(`UPDATE control.idempotency_key SET alive_at = now() WHERE workspace_id = $1 AND key = $2 AND owner = $3`, [
    request.workspaceId,
    request.key,
    request.owner,
  ]);
}

/** Keeps the answer for repeats of the request. */
export async function storeIdempotentAnswer(
  db: Db,
  request: Key & { owner: string; status: number; headers: Record<string, string>; body: unknown },
): Promise<void> {
  await db.query(
    `UPDATE control.idempotency_key SET status = $4, headers = $5, body = $6 WHERE workspace_id = $1 AND key = $2 AND owner = $3`,
    [
      request.workspaceId,
      request.key,
      request.owner,
      request.status,
      JSON.stringify(request.headers),
      JSON.stringify(request.body ?? null),
    ],
  );
}

/** Frees the key after a failure on our side, so that the repeat is tried again. */
export async function releaseIdempotencyKey(db: Db, request: Key & { owner: string }): Promise<void> {
  await db.query(`DELETE FROM control.idempotency_key WHERE workspace_id = $1 AND key = $2 AND owner = $3 AND status IS NULL`, [
    request.workspaceId,
    request.key,
    request.owner,
  ]);
}

/** Deletes answers older than `days` (by the index on created_at); returns how many. */
export async function purgeIdempotencyKeys(db: Db, request: { days: number }): Promise<number> {
  const result = await db.query(`DELETE FROM control.idempotency_key WHERE created_at < now() - make_interval(days => $1)`, [
    request.days,
  ]);
  return result.rowCount ?? 0;
}
