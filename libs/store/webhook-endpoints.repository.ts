import { one, theOne, type Db, type Transaction } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';

/** An address of somebody else's that is told what became of runs and events. */
export interface WebhookEndpointRow {
  id: string;
  /** Creation order. */
  seq: number;
  workspaceId: string;
  description: string | null;
  /** `run.failed`, `run.*`, or `*`. */
  types: string[];
  /** Encrypted: address and secrets. */
  sealed: Buffer;
  enabled: boolean;
  /** `gone`: it answered 410. null: it is enabled. */
  disabledBy: 'request' | 'gone' | null;
  /** Its last try failed. */
  failing: boolean;
  createdAt: Date;
  rotatedAt: Date | null;
}

const COLUMNS = `id, seq, workspace_id AS "workspaceId", description, types, sealed, enabled, disabled_by AS "disabledBy", failing,
  created_at AS "createdAt", rotated_at AS "rotatedAt"`;

type NewEndpoint = Pick<WebhookEndpointRow, 'id' | 'workspaceId' | 'description' | 'types' | 'sealed' | 'enabled'>;

/** null: the workspace has `most` already. Two that are made at once take turns, by the workspace's row. */
export async function insertWebhookEndpoint(
  tx: Transaction,
  endpoint: NewEndpoint,
  { most }: { most: number },
): Promise<WebhookEndpointRow | null> {
  const { id, workspaceId, description, types, sealed, enabled } = endpoint;
  await tx.query('SELECT FROM control.workspace WHERE id = $1 FOR UPDATE', [workspaceId]);
  return one(
    await tx.query<WebhookEndpointRow>(
      `INSERT INTO control.webhook_endpoint (id, workspace_id, description, types, sealed, enabled, disabled_by)
       SELECT $1, $2, $3, $4, $5, $6, CASE WHEN $6 THEN NULL ELSE 'request' END
       WHERE (SELECT count(*) FROM control.webhook_endpoint WHERE workspace_id = $2) < $7 RETURNING ${COLUMNS}`,
      [id, workspaceId, description, types, sealed, enabled, most],
    ),
  );
}

interface Key {
  workspaceId: string;
  id: string;
}
const ONE = 'id = $1 AND workspace_id = $2';

export async function findWebhookEndpoint(db: Db, { id, workspaceId }: Key): Promise<WebhookEndpointRow | null> {
  return one(
    await db.query<WebhookEndpointRow>(`SELECT ${COLUMNS} FROM control.webhook_endpoint WHERE ${ONE}`, [id, workspaceId]),
  );
}

export async function lockWebhookEndpoint(tx: Transaction, { id, workspaceId }: Key): Promise<WebhookEndpointRow | null> {
  return one(
    await tx.query<WebhookEndpointRow>(`SELECT ${COLUMNS} FROM control.webhook_endpoint WHERE ${ONE} FOR UPDATE`, [
      id,
      workspaceId,
    ]),
  );
}

/** Oldest first. By webhook_endpoint_workspace. */
export async function listWebhookEndpoints(
  db: Db,
  request: { workspaceId: string } & PageRequest,
): Promise<PageResult<WebhookEndpointRow>> {
  const { rows } = await db.query<WebhookEndpointRow>(
    `SELECT ${COLUMNS} FROM control.webhook_endpoint WHERE workspace_id = $1 AND ($2::bigint IS NULL OR seq > $2) ORDER BY seq LIMIT $3`,
    [request.workspaceId, request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

/** Writes what may change of an endpoint that is locked; one that is enabled is not believed to be failing any more. */
export async function updateWebhookEndpoint(
  tx: Transaction,
  endpoint: Pick<WebhookEndpointRow, 'id' | 'description' | 'types' | 'sealed' | 'enabled'> & { rotated: boolean },
): Promise<WebhookEndpointRow> {
  const { id, description, types, sealed, enabled, rotated } = endpoint;
  return theOne(
    await tx.query<WebhookEndpointRow>(
      `UPDATE control.webhook_endpoint SET description = $2, types = $3, sealed = $4, enabled = $5,
         disabled_by = CASE WHEN $5 THEN NULL ELSE coalesce(disabled_by, 'request') END, failing = failing AND (enabled OR NOT $5),
         rotated_at = CASE WHEN $6 THEN now() ELSE rotated_at END
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, description, types, sealed, enabled, rotated],
    ),
  );
}

/** With its deliveries; whether it was there. */
export async function deleteWebhookEndpoint(tx: Transaction, { id, workspaceId }: Key): Promise<boolean> {
  const done = await tx.query(`DELETE FROM control.webhook_endpoint WHERE ${ONE}`, [id, workspaceId]);
  if (done.rowCount !== 1) return false;
  await tx.query('DELETE FROM control.endpoint_delivery WHERE endpoint_id = $1', [id]);
  return true;
}
