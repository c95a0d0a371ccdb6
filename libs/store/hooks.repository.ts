import { one, theOne, type Db, type Transaction } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';

/** An address at which a provider tells what happens in one account. */
export interface HookRow {
  id: string;
  seq: number;
  workspaceId: string;
  connectionId: string;
  /** Its name in the connector's sluice.yaml. */
  webhook: string;
  /** Encrypted. */
  secrets: Buffer;
  revision: number;
  /** How many requests it takes. */
  callsPerMinute: number;
  createdAt: Date;
  rotatedAt: Date | null;
}

/** With the version of the connector that says how to read what comes. */
export interface OpenHookRow extends HookRow {
  connector: string;
  connectorHash: string;
}

const COLUMNS = `h.id, h.seq, h.workspace_id AS "workspaceId", h.connection_id AS "connectionId", h.webhook, h.secrets, h.revision, h.calls_per_minute AS "callsPerMinute",
  h.created_at AS "createdAt", h.rotated_at AS "rotatedAt"`;

export async function insertHook(
  db: Db,
  hook: Pick<HookRow, 'id' | 'workspaceId' | 'connectionId' | 'webhook' | 'secrets' | 'callsPerMinute'>,
): Promise<HookRow> {
  return theOne(
    await db.query<HookRow>(
      `INSERT INTO control.hook AS h (id, workspace_id, connection_id, webhook, secrets, calls_per_minute) VALUES ($1, $2, $3, $4, $5, $6)
       RETURNING ${COLUMNS}`,
      [hook.id, hook.workspaceId, hook.connectionId, hook.webhook, hook.secrets, hook.callsPerMinute],
    ),
  );
}

/** A hook that may be sent to: its connection and its connector are there. */
export async function findOpenHook(db: Db, request: { id: string }): Promise<OpenHookRow | null> {
  return one(
    await db.query<OpenHookRow>(
      `SELECT ${COLUMNS}, c.connector, k.hash AS "connectorHash" FROM control.hook h
       JOIN control.connection c ON c.id = h.connection_id AND c.deleted_at IS NULL
       JOIN control.connector k ON k.workspace_id = h.workspace_id AND k.name = c.connector AND k.current
       WHERE h.id = $1`,
      [request.id],
    ),
  );
}

interface HookKey {
  workspaceId: string;
  connectionId: string;
  id: string;
}
const ONE = 'h.id = $1 AND h.connection_id = $2 AND h.workspace_id = $3';
const keyValues = ({ id, connectionId, workspaceId }: HookKey): string[] => [id, connectionId, workspaceId];

export async function findHook(db: Db, key: HookKey): Promise<HookRow | null> {
  return one(await db.query<HookRow>(`SELECT ${COLUMNS} FROM control.hook h WHERE ${ONE}`, keyValues(key)));
}

export async function lockHook(tx: Transaction, key: HookKey): Promise<HookRow | null> {
  return one(await tx.query<HookRow>(`SELECT ${COLUMNS} FROM control.hook h WHERE ${ONE} FOR UPDATE`, keyValues(key)));
}

/** Oldest first. By hook_connection. */
export async function listHooks(
  db: Db,
  request: { workspaceId: string; connectionId: string } & PageRequest,
): Promise<PageResult<HookRow>> {
  const { rows } = await db.query<HookRow>(
    `SELECT ${COLUMNS} FROM control.hook h
     WHERE h.workspace_id = $1 AND h.connection_id = $2 AND ($3::bigint IS NULL OR h.seq > $3) ORDER BY h.seq LIMIT $4`,
    [request.workspaceId, request.connectionId, request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

export async function setHookSecrets(tx: Transaction, request: { id: string; secrets: Buffer }): Promise<HookRow> {
  return theOne(
    await tx.query<HookRow>(
      `UPDATE control.hook AS h SET secrets = $2, revision = revision + 1, rotated_at = now() WHERE id = $1 RETURNING ${COLUMNS}`,
      [request.id, request.secrets],
    ),
  );
}

/** null: there is none. */
export async function setHookLimit(db: Db, request: HookKey & Pick<HookRow, 'callsPerMinute'>): Promise<HookRow | null> {
  return one(
    await db.query<HookRow>(`UPDATE control.hook AS h SET calls_per_minute = $4 WHERE ${ONE} RETURNING ${COLUMNS}`, [
      ...keyValues(request),
      request.callsPerMinute,
    ]),
  );
}

/** Whether it was there. Its events stay. */
export async function deleteHook(db: Db, key: HookKey): Promise<boolean> {
  const done = await db.query(`DELETE FROM control.hook h WHERE ${ONE}`, keyValues(key));
  return done.rowCount === 1;
}
