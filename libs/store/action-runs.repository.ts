import { one, theOne, type Db } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';
import type { RunError } from './runs.repository.js';
import { TOLD_ACTION_RUN, toldEndpoints } from './tell-endpoints.js';

export type ActionRunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'outcome_unknown';

export interface ActionRunRow {
  id: string;
  /** Creation order. */
  seq: number;
  workspaceId: string;
  connectionId: string;
  connector: string;
  /** The version that is called. */
  connectorHash: string;
  action: string;
  idempotencyKey: string;
  requestHash: Buffer;
  /** Encrypted, as result and provider's answer. */
  input: Buffer;
  state: ActionRunState;
  result: Buffer | null;
  providerAnswer: Buffer | null;
  error: RunError | null;
  workflowId: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** How it ended; null: it may still do something. */
export const actionOutcome = ({ state }: ActionRunRow): Exclude<ActionRunState, 'queued' | 'running'> | null =>
  state === 'queued' || state === 'running' ? null : state;

const COLUMNS = `id, seq, workspace_id AS "workspaceId", connection_id AS "connectionId", connector, connector_hash AS "connectorHash", action, idempotency_key AS "idempotencyKey",
  request_hash AS "requestHash", input, state, result, provider_answer AS "providerAnswer", error, workflow_id AS "workflowId",
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

type NewActionRun = Pick<
  ActionRunRow,
  | 'id'
  | 'workspaceId'
  | 'connectionId'
  | 'connector'
  | 'connectorHash'
  | 'action'
  | 'idempotencyKey'
  | 'requestHash'
  | 'input'
  | 'workflowId'
>;

/** The run of this idempotency key: the new one, with the place of its first try in the ledger, or the one that there is already. One commit. */
export async function reserveActionRun(db: Db, run: NewActionRun): Promise<{ row: ActionRunRow; isNew: boolean }> {
  const made = one(
    await db.query<ActionRunRow>(
      `WITH made AS (
         INSERT INTO control.action_run (id, workspace_id, connection_id, connector, connector_hash, action, idempotency_key, request_hash, input,
           workflow_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace_id, idempotency_key) DO NOTHING RETURNING ${COLUMNS}),
       reserved AS (INSERT INTO control.effect (run_id, attempt) SELECT id, 1 FROM made)
       SELECT * FROM made`,
      [
        ...[run.id, run.workspaceId, run.connectionId, run.connector, run.connectorHash, run.action],
        ...[run.idempotencyKey, run.requestHash, run.input, run.workflowId],
      ],
    ),
  );
  if (made !== null) return { row: made, isNew: true };
  const found = await db.query<ActionRunRow>(
    `SELECT ${COLUMNS} FROM control.action_run WHERE workspace_id = $1 AND idempotency_key = $2`,
    [run.workspaceId, run.idempotencyKey],
  );
  return { row: theOne(found), isNew: false };
}

export async function getActionRun(db: Db, request: { id: string }): Promise<ActionRunRow | null> {
  return one(await db.query<ActionRunRow>(`SELECT ${COLUMNS} FROM control.action_run WHERE id = $1`, [request.id]));
}

/** Takes a run's row for the transaction, so that one resolves it at a time. */
export async function lockActionRun(tx: Db, request: { id: string }): Promise<ActionRunRow | null> {
  return one(await tx.query<ActionRunRow>(`SELECT ${COLUMNS} FROM control.action_run WHERE id = $1 FOR UPDATE`, [request.id]));
}

/** Newest first. */
export async function listActionRuns(
  db: Db,
  request: { workspaceId: string; connectionId: string | null; action: string | null; state: string | null } & PageRequest,
): Promise<PageResult<ActionRunRow>> {
  const { rows } = await db.query<ActionRunRow>(
    `SELECT ${COLUMNS} FROM control.action_run
     WHERE workspace_id = $1 AND ($2::uuid IS NULL OR connection_id = $2) AND ($3::text IS NULL OR action = $3)
       AND ($4::text IS NULL OR state = $4) AND ($5::bigint IS NULL OR seq < $5) ORDER BY seq DESC LIMIT $6`,
    [request.workspaceId, request.connectionId, request.action, request.state, request.after, request.limit + 1],
  );
  return toPage(rows, request.limit);
}

/** One that has not ended; `abandoned`: the flow's run that made it has. */
export type OpenActionRun = Pick<ActionRunRow, 'id' | 'action' | 'workflowId'> & { abandoned: boolean };

/** Those that have not ended and that no flow is at, oldest first. By action_run_open and flow_call_action_run. */
export async function listOpenActionRuns(db: Db, request: { olderThanMs: number; limit: number }): Promise<OpenActionRun[]> {
  const { rows } = await db.query<OpenActionRun>(
    `SELECT id, action, workflow_id AS "workflowId",
       EXISTS (SELECT FROM control.flow_call c WHERE c.action_run_id = action_run.id) AS abandoned FROM control.action_run
     WHERE state IN ('queued', 'running') AND created_at < now() - make_interval(secs => $1::double precision / 1000)
       AND NOT EXISTS (SELECT FROM control.flow_call c JOIN control.flow_run f ON f.id = c.flow_run_id
                       WHERE c.action_run_id = action_run.id AND f.finished_at IS NULL)
     ORDER BY created_at LIMIT $2`,
    [request.olderThanMs, request.limit],
  );
  return rows;
}

/** `running`, where nothing was sent yet: see markSent. */
export async function startActionRun(tx: Db, request: { id: string }): Promise<void> {
  await tx.query(
    `UPDATE control.action_run SET state = 'running', started_at = coalesce(started_at, now()) WHERE id = $1 AND state = 'queued'`,
    [request.id],
  );
}

/** The first end counts; `outcome_unknown` is one until somebody knows. Whether this was it: then webhook endpoints are told. */
export async function endActionRun(
  tx: Db,
  request: Pick<ActionRunRow, 'id' | 'state'> & Partial<Pick<ActionRunRow, 'result' | 'providerAnswer' | 'error'>>,
): Promise<boolean> {
  const { id, state, result = null, providerAnswer = null, error = null } = request;
  const done = await tx.query(
    `WITH ended AS (
       UPDATE control.action_run SET state = $2, result = $3, provider_answer = $4, error = $5, finished_at = now()
       WHERE id = $1 AND state IN ('queued', 'running', 'outcome_unknown') RETURNING *
     ), ${toldEndpoints({ from: 'ended', type: `'action_run.' || state`, data: TOLD_ACTION_RUN })}
     SELECT FROM ended`,
    [id, state, result, providerAnswer, error === null ? null : JSON.stringify(error)],
  );
  return done.rowCount === 1;
}

/** Runs that ended so long ago, with their ledgers; returns how many. What nobody has resolved stays. */
export async function purgeActionRuns(db: Db, request: { days: number }): Promise<number> {
  const done = await db.query(
    `DELETE FROM control.action_run WHERE state IN ('succeeded', 'failed') AND created_at < now() - make_interval(days => $1)`,
    [request.days],
  );
  return done.rowCount ?? 0;
}

/** Another try of a run whose outcome nobody knew: somebody said that it may be made. */
export async function reopenActionRun(tx: Db, request: { id: string }): Promise<boolean> {
  const done = await tx.query(
    `UPDATE control.action_run SET state = 'running', error = NULL, finished_at = NULL, started_at = now()
     WHERE id = $1 AND state = 'outcome_unknown'`,
    [request.id],
  );
  return done.rowCount === 1;
}
