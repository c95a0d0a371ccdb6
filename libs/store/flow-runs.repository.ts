import type { FlowRunState } from '../contracts/flow-view.schema.js';
import type { FlowTrigger } from '../contracts/flow.schema.js';
import { one, theOne, type Db, type Transaction } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';
import type { RunError } from './runs.repository.js';
import { TOLD_ERROR, toldEndpoints } from './tell-endpoints.js';

export interface FlowRunRow {
  /** Of an event's run: its delivery's. */
  id: string;
  /** Creation order. */
  seq: number;
  workspaceId: string;
  flowId: string;
  /** The one that it keeps. */
  flowVersion: number;
  trigger: FlowTrigger;
  eventId: string | null;
  idempotencyKey: string;
  requestHash: Buffer;
  /** Encrypted: `{"input": …}` or `{"event": …}`. */
  input: Buffer;
  state: FlowRunState;
  /** Encrypted JSON text, when succeeded. */
  response: Buffer | null;
  error: RunError | null;
  workflowId: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

const COLUMNS = `id, seq, workspace_id AS "workspaceId", flow_id AS "flowId", flow_version AS "flowVersion", trigger, event_id AS "eventId",
  idempotency_key AS "idempotencyKey", request_hash AS "requestHash", input, state, response, error, workflow_id AS "workflowId",
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

type NewFlowRun = Omit<FlowRunRow, 'seq' | 'state' | 'response' | 'error' | 'createdAt' | 'startedAt' | 'finishedAt'>;

/** The run of this idempotency key: the new one, or the one that there is already. */
export async function reserveFlowRun(db: Db, run: NewFlowRun): Promise<{ row: FlowRunRow; isNew: boolean }> {
  const made = one(
    await db.query<FlowRunRow>(
      `INSERT INTO control.flow_run (id, workspace_id, flow_id, flow_version, trigger, event_id, idempotency_key, request_hash, input, workflow_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace_id, idempotency_key) DO NOTHING RETURNING ${COLUMNS}`,
      [
        ...[run.id, run.workspaceId, run.flowId, run.flowVersion, run.trigger, run.eventId],
        ...[run.idempotencyKey, run.requestHash, run.input, run.workflowId],
      ],
    ),
  );
  if (made !== null) return { row: made, isNew: true };
  const found = await db.query<FlowRunRow>(
    `SELECT ${COLUMNS} FROM control.flow_run WHERE workspace_id = $1 AND idempotency_key = $2`,
    [run.workspaceId, run.idempotencyKey],
  );
  return { row: theOne(found), isNew: false };
}

export async function getFlowRun(db: Db, request: { id: string }): Promise<FlowRunRow | null> {
  return one(await db.query<FlowRunRow>(`SELECT ${COLUMNS} FROM control.flow_run WHERE id = $1`, [request.id]));
}

/** Newest first. */
export async function listFlowRuns(
  db: Db,
  request: { workspaceId: string; flowId: string | null; state: FlowRunState | null } & PageRequest,
): Promise<PageResult<FlowRunRow>> {
  const { rows } = await db.query<FlowRunRow>(
    `SELECT ${COLUMNS} FROM control.flow_run
     WHERE workspace_id = $1 AND ($2::uuid IS NULL OR flow_id = $2) AND ($3::text IS NULL OR state = $3)
       AND ($4::bigint IS NULL OR seq < $4) ORDER BY seq DESC LIMIT $5`,
    [request.workspaceId, request.flowId, request.state, request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

/** Those that have not ended, oldest first, by flow_run_open. Whose workflow waits for a person has one, and is asked for too. */
export async function listOpenFlowRuns(
  db: Db,
  request: { olderThanMs: number; after: number; limit: number },
): Promise<Pick<FlowRunRow, 'id' | 'seq' | 'workflowId' | 'trigger'>[]> {
  const { rows } = await db.query<Pick<FlowRunRow, 'id' | 'seq' | 'workflowId' | 'trigger'>>(
    `SELECT id, seq, workflow_id AS "workflowId", trigger FROM control.flow_run
     WHERE finished_at IS NULL AND created_at < now() - make_interval(secs => $1::double precision / 1000) AND seq > $2
     ORDER BY seq LIMIT $3`,
    [request.olderThanMs, request.after, request.limit],
  );
  return rows;
}

/** Of a run that has not ended; whether it has not. */
export async function setFlowRunState(
  db: Db,
  request: { id: string; state: 'running' | 'waiting' | 'compensating' },
): Promise<boolean> {
  const done = await db.query(
    `UPDATE control.flow_run SET state = $2, started_at = coalesce(started_at, now()) WHERE id = $1 AND finished_at IS NULL`,
    [request.id, request.state],
  );
  return done.rowCount === 1;
}

const TOLD_FLOW_RUN = `jsonb_build_object('flow_run_id', id, 'flow_id', flow_id, 'flow_version', flow_version, 'trigger', trigger, 'event_id', event_id,
  'state', state, 'error', ${TOLD_ERROR}, 'created_at', created_at, 'finished_at', finished_at)`;

/** The first end counts; whether this was it: then webhook endpoints are told. */
export async function finishFlowRun(
  tx: Transaction,
  request: Pick<FlowRunRow, 'id' | 'state'> & Partial<Pick<FlowRunRow, 'response' | 'error'>>,
): Promise<boolean> {
  const { id, state, response = null, error = null } = request;
  const done = await tx.query(
    `WITH ended AS (
       UPDATE control.flow_run SET state = $2, response = $3, error = $4, finished_at = now() WHERE id = $1 AND finished_at IS NULL RETURNING *
     ), ${toldEndpoints({ from: 'ended', type: `'flow_run.' || state`, data: TOLD_FLOW_RUN })}
     SELECT FROM ended`,
    [id, state, response, error === null ? null : JSON.stringify(error)],
  );
  return done.rowCount === 1;
}

/** Runs that ended so long ago, with their steps; returns how many. By flow_run_created. */
export async function purgeFlowRuns(db: Db, request: { days: number }): Promise<number> {
  const done = await db.query(
    `DELETE FROM control.flow_run WHERE finished_at IS NOT NULL AND created_at < now() - make_interval(days => $1)`,
    [request.days],
  );
  return done.rowCount ?? 0;
}
