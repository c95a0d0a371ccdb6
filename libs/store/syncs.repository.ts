import type { Schedule } from '../contracts/sync-spec.schema.js';
import { ACTIVE_RUN_STATES } from '../contracts/run-state.js';
import { one, theOne, type Db, type Transaction } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';

export interface SyncRow {
  id: string;
  seq: number;
  workspaceId: string;
  name: string;
  sourceId: string;
  destinationId: string;
  /** The current version; see sync_version. */
  version: number;
  /** Raised for every run and by the reconciler; the destination refuses lower ones. */
  epoch: number;
  /** Desired state; Temporal is converged to it when `scheduleApplied` < `scheduleRevision`. */
  schedule: Schedule | null;
  scheduleRevision: number;
  scheduleApplied: number;
  /** The time of the schedule that was missed; null: it is not late. */
  lateSince: Date | null;
  createdAt: Date;
  updatedAt: Date;
  deletedAt: Date | null;
}

const COLUMNS = `id, seq, workspace_id AS "workspaceId", name, source_id AS "sourceId", destination_id AS "destinationId", version, epoch,
  schedule, schedule_revision AS "scheduleRevision", schedule_applied AS "scheduleApplied", late_since AS "lateSince",
  created_at AS "createdAt", updated_at AS "updatedAt", deleted_at AS "deletedAt"`;

const json = (value: Schedule | null): string | null => (value === null ? null : JSON.stringify(value));

/** Version 1. A sync with a schedule starts with revision 1, so that Temporal is converged. Unique violation of `sync_name`: the name is taken. */
export async function insertSync(
  db: Db,
  request: Pick<SyncRow, 'workspaceId' | 'name' | 'sourceId' | 'destinationId' | 'schedule'>,
): Promise<SyncRow> {
  return theOne(
    await db.query<SyncRow>(
      `INSERT INTO control.sync (workspace_id, name, source_id, destination_id, version, schedule, schedule_revision)
       VALUES ($1, $2, $3, $4, 1, $5, CASE WHEN $5::jsonb IS NULL THEN 0 ELSE 1 END) RETURNING ${COLUMNS}`,
      [request.workspaceId, request.name, request.sourceId, request.destinationId, json(request.schedule)],
    ),
  );
}

/** A deleted sync is not found. */
export async function findSync(db: Db, request: { workspaceId: string; id: string }): Promise<SyncRow | null> {
  return one(
    await db.query<SyncRow>(`SELECT ${COLUMNS} FROM control.sync WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL`, [
      request.workspaceId,
      request.id,
    ]),
  );
}

/** As findSync, by sync_name. */
export async function findSyncByName(db: Db, request: { workspaceId: string; name: string }): Promise<SyncRow | null> {
  return one(
    await db.query<SyncRow>(`SELECT ${COLUMNS} FROM control.sync WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL`, [
      request.workspaceId,
      request.name,
    ]),
  );
}

/** A sync by id alone, deleted or not: for activities and the reconciler, which act on runs of any workspace. */
export async function getSync(db: Db, request: { id: string }): Promise<SyncRow | null> {
  return one(await db.query<SyncRow>(`SELECT ${COLUMNS} FROM control.sync WHERE id = $1`, [request.id]));
}

/** As findSync, and nobody else changes it or starts a run of it until the transaction ends. */
export async function lockSync(tx: Db, request: { workspaceId: string; id: string }): Promise<SyncRow | null> {
  return one(
    await tx.query<SyncRow>(
      `SELECT ${COLUMNS} FROM control.sync WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE`,
      [request.workspaceId, request.id],
    ),
  );
}

/** In order of creation. */
export async function listSyncs(db: Db, request: { workspaceId: string } & PageRequest): Promise<PageResult<SyncRow>> {
  const result = await db.query<SyncRow>(
    `SELECT ${COLUMNS} FROM control.sync
     WHERE workspace_id = $1 AND deleted_at IS NULL AND seq > coalesce($2::bigint, 0) ORDER BY seq LIMIT $3`,
    [request.workspaceId, request.after, request.limit + 1],
  );
  return toPage(result.rows, request.limit);
}

/** Syncs that read or write the connection, oldest first, at most 20. By sync_source and sync_destination. */
export async function listSyncsOfConnection(db: Db, request: { connectionId: string }): Promise<{ id: string; name: string }[]> {
  const result = await db.query<{ id: string; name: string }>(
    `SELECT id, name FROM control.sync WHERE deleted_at IS NULL AND (source_id = $1 OR destination_id = $1) ORDER BY seq LIMIT 20`,
    [request.connectionId],
  );
  return result.rows;
}

/** Destinations of the workspace's syncs, by id, each with the syncs that load it. */
export async function listDestinationsOfSyncs(
  db: Db,
  request: { workspaceId: string },
): Promise<{ destinationId: string; syncIds: string[] }[]> {
  const result = await db.query<{ destinationId: string; syncIds: string[] }>(
    `SELECT destination_id AS "destinationId", array_agg(id) AS "syncIds" FROM control.sync
     WHERE workspace_id = $1 AND deleted_at IS NULL GROUP BY destination_id ORDER BY destination_id`,
    [request.workspaceId],
  );
  return result.rows;
}

/** Name, version and schedule as given; the schedule's revision is raised when it changes. */
export async function updateSync(
  db: Db,
  request: Pick<SyncRow, 'workspaceId' | 'id' | 'name' | 'version' | 'schedule'>,
): Promise<SyncRow | null> {
  return one(
    await db.query<SyncRow>(
      `UPDATE control.sync
       SET name = $3, version = $4, schedule = $5, updated_at = now(),
           schedule_revision = schedule_revision + CASE WHEN schedule IS DISTINCT FROM $5::jsonb THEN 1 ELSE 0 END,
           schedule_since = CASE WHEN schedule IS DISTINCT FROM $5::jsonb THEN now() ELSE schedule_since END,
           late_since = CASE WHEN schedule IS DISTINCT FROM $5::jsonb THEN NULL ELSE late_since END
       WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
      [request.workspaceId, request.id, request.name, request.version, json(request.schedule)],
    ),
  );
}

/** Marks as deleted; its schedule goes away by convergence. */
export async function deleteSync(db: Db, request: { workspaceId: string; id: string }): Promise<boolean> {
  const result = await db.query(
    `UPDATE control.sync SET deleted_at = now(), schedule = NULL,
       schedule_revision = schedule_revision + CASE WHEN schedule_revision > 0 THEN 1 ELSE 0 END
     WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL`,
    [request.workspaceId, request.id],
  );
  return result.rowCount === 1;
}

/** Makes every run so far harmless; returns the new epoch. */
export async function raiseEpoch(db: Db, request: { syncId: string }): Promise<number> {
  return theOne(
    await db.query<{ epoch: number }>(`UPDATE control.sync SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch`, [
      request.syncId,
    ]),
  ).epoch;
}

/** Syncs, deleted ones included, whose schedule Temporal does not have yet. By sync_schedule. */
export async function listSchedulesToApply(db: Db, request: { limit: number }): Promise<SyncRow[]> {
  const result = await db.query<SyncRow>(
    `SELECT ${COLUMNS} FROM control.sync WHERE schedule_applied < schedule_revision ORDER BY id LIMIT $1`,
    [request.limit],
  );
  return result.rows;
}

/** Every sync that should have a schedule: what Temporal is compared with after its database was lost. `after`: the last id seen. */
export async function listScheduledSyncs(db: Db, request: { limit: number; after: string | null }): Promise<SyncRow[]> {
  const result = await db.query<SyncRow>(
    `SELECT ${COLUMNS} FROM control.sync
     WHERE schedule IS NOT NULL AND deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2`,
    [request.after, request.limit],
  );
  return result.rows;
}

/** Temporal has what `revision` said; a later change stays to be applied. */
export async function markScheduleApplied(db: Db, request: { syncId: string; revision: number }): Promise<void> {
  await db.query(`UPDATE control.sync SET schedule_applied = greatest(schedule_applied, $2) WHERE id = $1`, [
    request.syncId,
    request.revision,
  ]);
}

/** What tells whether a scheduled sync is late. */
export interface SyncPunctuality extends SyncRow {
  /** When the schedule became what it is. */
  scheduleSince: Date;
  /** A run of its live lane is active. */
  isActive: boolean;
  /** When the last run of its live lane succeeded. */
  succeededAt: Date | null;
}

/** Every sync that has a schedule, or is late. `after`: the last id seen. By run_sync. */
export async function listPunctuality(db: Db, request: { limit: number; after: string | null }): Promise<SyncPunctuality[]> {
  const result = await db.query<SyncPunctuality>(
    `SELECT ${COLUMNS}, schedule_since AS "scheduleSince",
       EXISTS (SELECT FROM control.run r WHERE r.sync_id = s.id AND r.lane = 'live' AND r.state = ANY($3)) AS "isActive",
       (SELECT r.finished_at FROM control.run r WHERE r.sync_id = s.id AND r.lane = 'live' AND r.state = 'succeeded' ORDER BY r.seq DESC LIMIT 1) AS "succeededAt"
     FROM control.sync s WHERE (schedule IS NOT NULL OR late_since IS NOT NULL) AND deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1)
     ORDER BY id LIMIT $2`,
    [request.after, request.limit, ACTIVE_RUN_STATES],
  );
  return result.rows;
}

/** It missed `since` of its schedule; whether it was not late before, nor changed. */
export async function setSyncLate(
  tx: Transaction,
  request: { id: string; scheduleRevision: number; since: Date },
): Promise<boolean> {
  const done = await tx.query(
    `UPDATE control.sync SET late_since = $3
     WHERE id = $1 AND schedule_revision = $2 AND late_since IS NULL AND deleted_at IS NULL`,
    [request.id, request.scheduleRevision, request.since],
  );
  return done.rowCount === 1;
}

export async function clearSyncLate(db: Db, request: { id: string }): Promise<void> {
  await db.query('UPDATE control.sync SET late_since = NULL WHERE id = $1 AND late_since IS NOT NULL', [request.id]);
}
