import type { ErrorCode, FieldError } from '../errors/index.js';
import { SluiceError } from '../errors/index.js';
import { ACTIVE_RUN_STATES, type RunState } from '../contracts/run-state.js';
import { isUniqueViolation, one, type Db } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';

type RunTrigger = 'api' | 'schedule' | 'retry';
/** Why a run does not work now, and until when (ISO time). */
export interface RunWaiting {
  reason: string;
  until: string;
}
/** Why a run failed; safe to show. */
export interface RunError {
  code: ErrorCode;
  detail?: string;
  stream?: string;
  errors?: readonly FieldError[];
  details?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface RunRow {
  id: string;
  /** Creation order. */
  seq: number;
  workspaceId: string;
  syncId: string;
  syncVersion: number;
  lane: string;
  epoch: number;
  trigger: RunTrigger;
  state: RunState;
  /** Pinned by pinRun; see getDocument. */
  manifestHash: string | null;
  catalogHash: string | null;
  workflowId: string;
  /** Temporal's run id of the first execution; null until the workflow was started. */
  firstExecutionId: string | null;
  scheduledFor: Date | null;
  /** Streams that this run loads anew because its request said so. */
  resets: string[];
  /** The streams that it loads; null: all of the sync. */
  streams: string[] | null;
  waiting: RunWaiting | null;
  error: RunError | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export const RUN_COLUMNS = `id, seq, workspace_id AS "workspaceId", sync_id AS "syncId", sync_version AS "syncVersion", lane, epoch, trigger, state,
  manifest_hash AS "manifestHash", catalog_hash AS "catalogHash", workflow_id AS "workflowId", first_execution_id AS "firstExecutionId",
  scheduled_for AS "scheduledFor", resets, streams, waiting, error,
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

export interface NewRun {
  id: string;
  workspaceId: string;
  syncId: string;
  lane: string;
  trigger: RunTrigger;
  workflowId: string;
  scheduledFor: Date | null;
  resets: readonly string[];
  /** Default: all. */
  streams?: readonly string[] | null;
}

/** Parameters $1 to $9 of the statements that insert a run. */
const runValues = (run: NewRun): unknown[] => [
  run.id,
  run.workspaceId,
  run.syncId,
  run.lane,
  run.trigger,
  run.workflowId,
  run.scheduledFor,
  run.resets,
  run.streams ?? null,
];

/**
 * Raises the sync's epoch and inserts the run with it, in one statement: queued, with the sync's current version. null: no such sync.
 * Throws RUN_ACTIVE when a run of the sync is active in the lane (unique index run_active); the epoch is then as it was.
 */
export async function insertRun(db: Db, request: NewRun): Promise<RunRow | null> {
  try {
    return one(
      await db.query<RunRow>(
        `WITH raised AS (
           UPDATE control.sync SET epoch = epoch + 1
           WHERE workspace_id = $2 AND id = $3 AND deleted_at IS NULL RETURNING epoch, version
         )
         INSERT INTO control.run (id, workspace_id, sync_id, sync_version, lane, epoch, trigger, state, workflow_id, scheduled_for, resets, streams)
         SELECT $1, $2, $3, version, $4, epoch, $5, 'queued', $6, $7, $8, $9 FROM raised
         RETURNING ${RUN_COLUMNS}`,
        runValues(request),
      ),
    );
  } catch (error) {
    if (isUniqueViolation(error, 'run_active')) throw new SluiceError('RUN_ACTIVE', { cause: error });
    throw error;
  }
}

/** Records a scheduled start that found an active run: a run that never was. The epoch is not raised. */
export async function insertSkippedRun(db: Db, request: NewRun): Promise<RunRow | null> {
  return one(
    await db.query<RunRow>(
      `INSERT INTO control.run
         (id, workspace_id, sync_id, sync_version, lane, epoch, trigger, state, workflow_id, scheduled_for, resets, streams, finished_at)
       SELECT $1, $2, $3, version, $4, epoch, $5, 'skipped', $6, $7, $8, $9, now()
       FROM control.sync WHERE workspace_id = $2 AND id = $3 AND deleted_at IS NULL
       RETURNING ${RUN_COLUMNS}`,
      runValues(request),
    ),
  );
}

export async function findRun(db: Db, request: { workspaceId: string; id: string }): Promise<RunRow | null> {
  return one(
    await db.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM control.run WHERE workspace_id = $1 AND id = $2`, [
      request.workspaceId,
      request.id,
    ]),
  );
}

/** A run by id alone: for activities and the reconciler, which act on runs of any workspace. */
export async function getRun(db: Db, request: { id: string }): Promise<RunRow | null> {
  return one(await db.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM control.run WHERE id = $1`, [request.id]));
}

/** The active run of a sync's lane, by run_active; null: none. */
export async function findActiveRun(db: Db, request: { syncId: string; lane: string }): Promise<RunRow | null> {
  return one(
    await db.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM control.run WHERE sync_id = $1 AND lane = $2 AND state = ANY($3)`, [
      request.syncId,
      request.lane,
      ACTIVE_RUN_STATES,
    ]),
  );
}

/** Active runs of a sync in whatever lane, oldest first. */
export async function listActiveRunsOfSync(db: Db, request: { syncId: string }): Promise<RunRow[]> {
  const result = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM control.run WHERE sync_id = $1 AND state = ANY($2) ORDER BY seq`,
    [request.syncId, ACTIVE_RUN_STATES],
  );
  return result.rows;
}

/** Active runs of all workspaces that are at least `olderThanMs` old, for the reconciler; `after`: the last seq seen. */
export async function listActiveRuns(
  db: Db,
  request: { olderThanMs: number; after: number | null; limit: number },
): Promise<RunRow[]> {
  const result = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM control.run
     WHERE state = ANY($1) AND created_at < now() - make_interval(secs => $2::double precision / 1000) AND seq > coalesce($3::bigint, 0)
     ORDER BY seq LIMIT $4`,
    [ACTIVE_RUN_STATES, request.olderThanMs, request.after, request.limit],
  );
  return result.rows;
}

/** Newest first; `after`: only runs older than this seq. By run_sync or run_workspace. */
export async function listRuns(
  db: Db,
  request: { workspaceId: string; syncId: string | null; states: readonly RunState[] | null } & PageRequest,
): Promise<PageResult<RunRow>> {
  const result = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM control.run
     WHERE workspace_id = $1 AND ($2::uuid IS NULL OR sync_id = $2) AND ($3::text[] IS NULL OR state = ANY($3))
       AND ($4::bigint IS NULL OR seq < $4)
     ORDER BY seq DESC LIMIT $5`,
    [request.workspaceId, request.syncId, request.states, request.after, request.limit + 1],
  );
  return toPage(result.rows, request.limit);
}

/** The last run of a lane that pinned what it works with; null: none did. By run_sync. */
export async function findLastBegunRun(db: Db, request: { syncId: string; lane: string }): Promise<RunRow | null> {
  return one(
    await db.query<RunRow>(
      `SELECT ${RUN_COLUMNS} FROM control.run
       WHERE sync_id = $1 AND lane = $2 AND started_at IS NOT NULL AND catalog_hash IS NOT NULL ORDER BY seq DESC LIMIT 1`,
      [request.syncId, request.lane],
    ),
  );
}

/** The version that the sync's last begun run worked with; 0: there was none. See listVersionResets. */
export async function getLastBegunVersion(db: Db, request: { syncId: string; lane: string; beforeSeq: number }): Promise<number> {
  const row = one(
    await db.query<{ version: number }>(
      `SELECT sync_version AS version FROM control.run
       WHERE sync_id = $1 AND lane = $2 AND started_at IS NOT NULL AND seq < $3 ORDER BY seq DESC LIMIT 1`,
      [request.syncId, request.lane, request.beforeSeq],
    ),
  );
  return row?.version ?? 0;
}

/** The run that a schedule's firing led to, unless it could not even be started. By run_sync. */
export async function findScheduledRun(db: Db, request: { syncId: string; scheduledFor: Date }): Promise<RunRow | null> {
  return one(
    await db.query<RunRow>(
      `SELECT ${RUN_COLUMNS} FROM control.run
       WHERE sync_id = $1 AND trigger = 'schedule' AND scheduled_for = $2
         AND NOT (state = 'failed' AND started_at IS NULL AND error ->> 'code' = 'TEMPORAL_UNAVAILABLE')
       ORDER BY seq DESC LIMIT 1`,
      [request.syncId, request.scheduledFor],
    ),
  );
}
