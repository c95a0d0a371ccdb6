import { one, type Db } from './database.js';

/** A credential as it is stored; libs/connections alone opens it. */
export interface CredentialRow {
  /** Encrypted; null: none was obtained yet. */
  sealed: Buffer | null;
  version: number;
}

interface CredentialKey {
  workspaceId: string;
  connectionId: string;
  name: string;
}

const OF_CONNECTION = `FROM control.connection c WHERE c.workspace_id = $1 AND c.id = $2 AND c.deleted_at IS NULL`;

/** Null: it is not there, or its connection is gone. */
export async function findCredential(db: Db, { workspaceId, connectionId, name }: CredentialKey): Promise<CredentialRow | null> {
  return one(
    await db.query<CredentialRow>(
      `SELECT sealed, version FROM control.credential
       WHERE connection_id IN (SELECT c.id ${OF_CONNECTION}) AND name = $3`,
      [workspaceId, connectionId, name],
    ),
  );
}

/** Holds the credential for `leaseMs` by the database's clock; null when somebody else holds it, or the connection is gone. */
export async function holdCredential(
  db: Db,
  { workspaceId, connectionId, name, holder, leaseMs }: CredentialKey & { holder: string; leaseMs: number },
): Promise<CredentialRow | null> {
  return one(
    await db.query<CredentialRow>(
      `INSERT INTO control.credential AS k (connection_id, name, holder, held_until)
       SELECT c.id, $3, $4, clock_timestamp() + $5 * interval '1 millisecond' ${OF_CONNECTION}
       ON CONFLICT (connection_id, name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
       WHERE k.holder IS NULL OR k.holder = excluded.holder OR k.held_until <= clock_timestamp()
       RETURNING sealed, version`,
      [workspaceId, connectionId, name, holder, leaseMs],
    ),
  );
}

/** Stays the holder for another `leaseMs`, if it still is. */
export async function keepCredential(
  db: Db,
  { connectionId, name, holder, leaseMs }: Omit<CredentialKey, 'workspaceId'> & { holder: string; leaseMs: number },
): Promise<void> {
  await db.query(
    `UPDATE control.credential SET held_until = clock_timestamp() + $4 * interval '1 millisecond'
     WHERE connection_id = $1 AND name = $2 AND holder = $3`,
    [connectionId, name, holder, leaseMs],
  );
}

export async function releaseCredential(
  db: Db,
  { connectionId, name, holder }: Omit<CredentialKey, 'workspaceId'> & { holder: string },
): Promise<void> {
  await db.query(
    `UPDATE control.credential SET holder = NULL, held_until = NULL WHERE connection_id = $1 AND name = $2 AND holder = $3`,
    [connectionId, name, holder],
  );
}

/**
 * Stores what was obtained from `version`, and ends the hold; a connection whose credentials had been refused is well again. False: a newer one is there, or another one who holds it now may be about to
 * store one. A holder that overslept still stores when nobody came after it: what it has is then the only valid refresh token.
 */
export async function storeCredential(
  db: Db,
  request: Omit<CredentialKey, 'workspaceId'> & { holder: string; version: number; sealed: Buffer },
): Promise<boolean> {
  const result = await db.query(
    `WITH accepted AS (
       UPDATE control.connection SET needs_reauthorization_since = NULL WHERE id = $1 AND needs_reauthorization_since IS NOT NULL)
     UPDATE control.credential
     SET sealed = $5, version = version + 1, holder = NULL, held_until = NULL, updated_at = now()
     WHERE connection_id = $1 AND name = $2 AND version = $4
       AND (holder = $3 OR holder IS NULL OR held_until <= clock_timestamp())`,
    [request.connectionId, request.name, request.holder, request.version, request.sealed],
  );
  return result.rowCount === 1;
}
