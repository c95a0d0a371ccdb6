import type { FlowDefinition } from '../contracts/flow.schema.js';
import { one, theOne, type Db, type Transaction } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';

export interface FlowSchedule {
  cron: string;
  timezone: string;
}

export interface FlowRow {
  id: string;
  seq: number;
  workspaceId: string;
  name: string;
  /** The current one. */
  version: number;
  enabled: boolean;
  /** Desired state, null while it is disabled; Temporal is converged to it when `scheduleApplied` < `scheduleRevision`. */
  schedule: FlowSchedule | null;
  scheduleRevision: number;
  scheduleApplied: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface FlowVersionRow {
  flowId: string;
  version: number;
  hash: string;
  definition: FlowDefinition;
  /** As the definition names them → id. */
  connections: Record<string, string>;
  /** The same of syncs. */
  syncs: Record<string, string>;
  createdAt: Date;
}

const COLUMNS = `id, seq, workspace_id AS "workspaceId", name, version, enabled, schedule, schedule_revision AS "scheduleRevision",
  schedule_applied AS "scheduleApplied", created_at AS "createdAt", updated_at AS "updatedAt"`;
const VERSION = `flow_id AS "flowId", version, hash, definition, connections, syncs, created_at AS "createdAt"`;

/** Version 1. Unique violation of `flow_name`: the name is taken. */
export async function insertFlow(
  tx: Transaction,
  request: Pick<FlowRow, 'workspaceId' | 'name' | 'enabled' | 'schedule'>,
): Promise<FlowRow> {
  const { workspaceId, name, enabled, schedule } = request;
  return theOne(
    await tx.query<FlowRow>(
      `INSERT INTO control.flow (workspace_id, name, version, enabled, schedule, schedule_revision)
       VALUES ($1, $2, 1, $3, $4, CASE WHEN $4::jsonb IS NULL THEN 0 ELSE 1 END) RETURNING ${COLUMNS}`,
      [workspaceId, name, enabled, schedule === null ? null : JSON.stringify(schedule)],
    ),
  );
}

export async function insertFlowVersion(tx: Transaction, request: Omit<FlowVersionRow, 'createdAt'>): Promise<void> {
  const { flowId, version, hash, definition, connections, syncs } = request;
  await tx.query(
    `INSERT INTO control.flow_version (flow_id, version, hash, definition, connections, syncs) VALUES ($1, $2, $3, $4, $5, $6)`,
    [flowId, version, hash, JSON.stringify(definition), JSON.stringify(connections), JSON.stringify(syncs)],
  );
}

/** A deleted flow is not found. */
export async function findFlow(db: Db, request: { workspaceId: string; id: string }): Promise<FlowRow | null> {
  return one(
    await db.query<FlowRow>(`SELECT ${COLUMNS} FROM control.flow WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL`, [
      request.workspaceId,
      request.id,
    ]),
  );
}

/** As findFlow, and nobody else changes it until the transaction ends. */
export async function lockFlow(tx: Transaction, request: { workspaceId: string; id: string }): Promise<FlowRow | null> {
  return one(
    await tx.query<FlowRow>(
      `SELECT ${COLUMNS} FROM control.flow WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE`,
      [request.workspaceId, request.id],
    ),
  );
}

/** In order of creation. */
export async function listFlows(db: Db, request: { workspaceId: string } & PageRequest): Promise<PageResult<FlowRow>> {
  const { rows } = await db.query<FlowRow>(
    `SELECT ${COLUMNS} FROM control.flow
     WHERE workspace_id = $1 AND deleted_at IS NULL AND seq > coalesce($2::bigint, 0) ORDER BY seq LIMIT $3`,
    [request.workspaceId, request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

/** The schedule's revision is raised when it changes. */
export async function updateFlow(
  tx: Transaction,
  request: Pick<FlowRow, 'id' | 'name' | 'version' | 'enabled' | 'schedule'>,
): Promise<FlowRow> {
  const { id, name, version, enabled, schedule } = request;
  return theOne(
    await tx.query<FlowRow>(
      `UPDATE control.flow SET name = $2, version = $3, enabled = $4, schedule = $5, updated_at = now(),
         schedule_revision = schedule_revision + CASE WHEN schedule IS DISTINCT FROM $5::jsonb THEN 1 ELSE 0 END
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, name, version, enabled, schedule === null ? null : JSON.stringify(schedule)],
    ),
  );
}

/** Marks as deleted; its schedule goes away by convergence. */
export async function deleteFlow(tx: Transaction, request: { id: string }): Promise<void> {
  await tx.query(
    `UPDATE control.flow SET deleted_at = now(), enabled = false, schedule = NULL,
       schedule_revision = schedule_revision + CASE WHEN schedule IS NULL THEN 0 ELSE 1 END
     WHERE id = $1 AND deleted_at IS NULL`,
    [request.id],
  );
}

export async function getFlowVersion(db: Db, request: { flowId: string; version: number }): Promise<FlowVersionRow | null> {
  return one(
    await db.query<FlowVersionRow>(`SELECT ${VERSION} FROM control.flow_version WHERE flow_id = $1 AND version = $2`, [
      request.flowId,
      request.version,
    ]),
  );
}

/** Newest first; `before`: only versions below. Returns at most limit + 1 rows. */
export async function listFlowVersions(
  db: Db,
  request: { flowId: string; before: number | null; limit: number },
): Promise<FlowVersionRow[]> {
  const { rows } = await db.query<FlowVersionRow>(
    `SELECT ${VERSION} FROM control.flow_version
     WHERE flow_id = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`,
    [request.flowId, request.before, request.limit + 1],
  );
  return rows;
}

/** Flows whose current version calls the connection, or hears of it. */
export const listFlowsOfConnection = (db: Db, { connectionId }: { connectionId: string }): Promise<FlowName[]> =>
  listFlowsThatName(db, { column: 'connections', id: connectionId });

/** Flows whose current version hears of the sync. */
export const listFlowsOfSync = (db: Db, { syncId }: { syncId: string }): Promise<FlowName[]> =>
  listFlowsThatName(db, { column: 'syncs', id: syncId });

type FlowName = Pick<FlowRow, 'id' | 'name'>;

/** `column`: what a version names of a kind → its id. */
async function listFlowsThatName(db: Db, { column, id }: { column: 'connections' | 'syncs'; id: string }): Promise<FlowName[]> {
  const { rows } = await db.query<FlowName>(
    `SELECT f.id, f.name FROM control.flow f JOIN control.flow_version v ON v.flow_id = f.id AND v.version = f.version
     WHERE f.deleted_at IS NULL AND EXISTS (SELECT FROM jsonb_each_text(v.${column}) n WHERE n.value = $1::text) ORDER BY f.seq LIMIT 20`,
    [id],
  );
  return rows;
}

/** Flows whose current version starts with records of the sync, with what they wait for. */
export async function listRecordFlows(
  db: Db,
  request: { syncId: string },
): Promise<{ id: string; name: string; record: NonNullable<FlowDefinition['on']['record']> }[]> {
  const { rows } = await db.query<{ id: string; name: string; record: NonNullable<FlowDefinition['on']['record']> }>(
    `SELECT f.id, f.name, v.definition #> '{on,record}' AS record
     FROM control.flow f JOIN control.flow_version v ON v.flow_id = f.id AND v.version = f.version
     WHERE f.deleted_at IS NULL AND v.definition #> '{on,record}' IS NOT NULL
       AND EXISTS (SELECT FROM jsonb_each_text(v.syncs) s WHERE s.value = $1::text) ORDER BY f.seq LIMIT 100`,
    [request.syncId],
  );
  return rows;
}

/** Flows, deleted ones included, whose schedule Temporal does not have yet. By flow_schedule. */
export async function listFlowSchedulesToApply(db: Db, request: { limit: number }): Promise<FlowRow[]> {
  const { rows } = await db.query<FlowRow>(
    `SELECT ${COLUMNS} FROM control.flow WHERE schedule_applied < schedule_revision ORDER BY id LIMIT $1`,
    [request.limit],
  );
  return rows;
}

/** Flows that should have a schedule. `after`: the last id seen. */
export async function listScheduledFlows(db: Db, request: { limit: number; after: string | null }): Promise<FlowRow[]> {
  const { rows } = await db.query<FlowRow>(
    `SELECT ${COLUMNS} FROM control.flow
     WHERE schedule IS NOT NULL AND deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2`,
    [request.after, request.limit],
  );
  return rows;
}

/** Temporal has what `revision` said; a later change stays to be applied. */
export async function markFlowScheduleApplied(db: Db, request: { id: string; revision: number }): Promise<void> {
  await db.query(`UPDATE control.flow SET schedule_applied = greatest(schedule_applied, $2) WHERE id = $1`, [
    request.id,
    request.revision,
  ]);
}

/** A flow by id alone that is not deleted: for activities. */
export async function getFlow(db: Db, request: { id: string }): Promise<FlowRow | null> {
  return one(await db.query<FlowRow>(`SELECT ${COLUMNS} FROM control.flow WHERE id = $1 AND deleted_at IS NULL`, [request.id]));
}
