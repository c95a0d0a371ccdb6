import type { FLOW_CALL_STATES, FLOW_STEP_STATES } from '../contracts/flow-view.schema.js';
import { SluiceError } from '../errors/index.js';
import { one, type Db, type Transaction } from './database.js';
import type { RunError } from './runs.repository.js';

export interface FlowStepRow {
  step: string;
  position: number;
  state: (typeof FLOW_STEP_STATES)[number];
  /** Of forEach; null without. */
  items: number | null;
  error: RunError | null;
  finishedAt: Date | null;
}

export type FlowCallKind = 'do' | 'undo';

/** One call of an action by a step. */
export interface FlowCallRow {
  step: string;
  kind: FlowCallKind;
  /** 0 without forEach. */
  item: number;
  /** Encrypted: the item. */
  value: Buffer | null;
  state: (typeof FLOW_CALL_STATES)[number];
  actionRunId: string | null;
  error: RunError | null;
}

interface StepKey {
  flowRunId: string;
  step: string;
}
type CallKey = StepKey & Pick<FlowCallRow, 'kind' | 'item'>;

const STEP = `step, position, state, items, error, finished_at AS "finishedAt"`;
const CALL = `step, kind, item, value, state, action_run_id AS "actionRunId", error`;
const json = (error: RunError | null | undefined): string | null => (error == null ? null : JSON.stringify(error));

export async function getFlowStep(db: Db, request: StepKey): Promise<FlowStepRow | null> {
  return one(
    await db.query<FlowStepRow>(`SELECT ${STEP} FROM control.flow_step WHERE flow_run_id = $1 AND step = $2`, [
      request.flowRunId,
      request.step,
    ]),
  );
}

/** In their order. */
export async function listFlowSteps(db: Db, request: { flowRunId: string }): Promise<FlowStepRow[]> {
  const { rows } = await db.query<FlowStepRow>(`SELECT ${STEP} FROM control.flow_step WHERE flow_run_id = $1 ORDER BY position`, [
    request.flowRunId,
  ]);
  return rows;
}

/** The step with its calls, one an item; what another asked before stays as it is. Whether this was the first. */
export async function insertFlowStep(
  tx: Transaction,
  request: StepKey &
    Pick<FlowStepRow, 'position' | 'state' | 'items'> & { error?: RunError | null; values: readonly (Buffer | null)[] },
): Promise<boolean> {
  const { flowRunId, step, position, state, items, error, values } = request;
  const made = await tx.query(
    `INSERT INTO control.flow_step (flow_run_id, step, position, state, items, error, finished_at)
     VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $4 = 'running' THEN NULL ELSE now() END) ON CONFLICT DO NOTHING`,
    [flowRunId, step, position, state, items, json(error)],
  );
  if (made.rowCount !== 1) return false;
  await tx.query(
    `INSERT INTO control.flow_call (flow_run_id, step, kind, item, value)
     SELECT $1, $2, 'do', n - 1, value FROM unnest($3::bytea[]) WITH ORDINALITY AS v(value, n)`,
    [flowRunId, step, values],
  );
  return true;
}

export async function finishFlowStep(
  db: Db,
  request: StepKey & { state: 'succeeded' | 'failed'; error: RunError | null },
): Promise<void> {
  await db.query(
    `UPDATE control.flow_step SET state = $3, error = $4, finished_at = now() WHERE flow_run_id = $1 AND step = $2 AND state = 'running'`,
    [request.flowRunId, request.step, request.state, json(request.error)],
  );
}

export async function getFlowCall(db: Db, request: CallKey): Promise<FlowCallRow | null> {
  return one(
    await db.query<FlowCallRow>(
      `SELECT ${CALL} FROM control.flow_call WHERE flow_run_id = $1 AND step = $2 AND kind = $3 AND item = $4`,
      [request.flowRunId, request.step, request.kind, request.item],
    ),
  );
}

/** What became of a call; one that has ended stays so. */
export async function updateFlowCall(
  db: Db,
  request: CallKey & Pick<FlowCallRow, 'state'> & { error?: RunError | null },
): Promise<void> {
  const { flowRunId, step, kind, item, state, error } = request;
  await db.query(
    `UPDATE control.flow_call SET state = $5, error = $6
     WHERE flow_run_id = $1 AND step = $2 AND kind = $3 AND item = $4 AND state NOT IN ('succeeded', 'failed')`,
    [flowRunId, step, kind, item, state, json(error)],
  );
}

/** Gives a call its action run, where the flow's run has not ended; whether it has not. The transaction that made the one makes both or none. */
export async function linkFlowCall(tx: Transaction, request: CallKey & { actionRunId: string }): Promise<boolean> {
  const { flowRunId, step, kind, item, actionRunId } = request;
  const done = await tx.query(
    `UPDATE control.flow_call SET state = 'running', action_run_id = $5
     WHERE flow_run_id = $1 AND step = $2 AND kind = $3 AND item = $4 AND state NOT IN ('succeeded', 'failed')
       AND EXISTS (SELECT FROM control.flow_run WHERE id = $1 AND finished_at IS NULL FOR SHARE)`,
    [flowRunId, step, kind, item, actionRunId],
  );
  return done.rowCount === 1;
}

/** Ids of a flow run's action runs that have not ended. */
export async function listOpenFlowCalls(db: Db, request: { flowRunId: string }): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT r.id FROM control.flow_call c JOIN control.action_run r ON r.id = c.action_run_id
     WHERE c.flow_run_id = $1 AND r.state IN ('queued', 'running') ORDER BY r.id`,
    [request.flowRunId],
  );
  return rows.map(({ id }) => id);
}

/** Whether an action run belongs to a flow's run that has ended. By flow_call_action_run. */
export async function isAbandoned(db: Db, request: { actionRunId: string }): Promise<boolean> {
  const found = await db.query(
    `SELECT FROM control.flow_call c JOIN control.flow_run f ON f.id = c.flow_run_id
     WHERE c.action_run_id = $1 AND f.finished_at IS NOT NULL LIMIT 1`,
    [request.actionRunId],
  );
  return found.rowCount === 1;
}

/** By item; `limit` of each step and kind. */
export async function listFlowCalls(db: Db, request: { flowRunId: string; limit: number }): Promise<FlowCallRow[]> {
  const { rows } = await db.query<FlowCallRow>(
    `SELECT ${CALL} FROM (SELECT *, row_number() OVER (PARTITION BY step, kind ORDER BY item) AS n FROM control.flow_call WHERE flow_run_id = $1) c
     WHERE n <= $2 ORDER BY step, kind, item`,
    [request.flowRunId, request.limit],
  );
  return rows;
}

/** The first error of a step's calls that failed, by item, and how many failed. */
export async function failedFlowCalls(
  db: Db,
  request: StepKey,
): Promise<{ failed: number; item: number | null; error: RunError | null }> {
  const found = one(
    await db.query<{ failed: number; item: number; error: RunError | null }>(
      `SELECT count(*) OVER () AS failed, item, error FROM control.flow_call
       WHERE flow_run_id = $1 AND step = $2 AND kind = 'do' AND state = 'failed' ORDER BY item LIMIT 1`,
      [request.flowRunId, request.step],
    ),
  );
  return found ?? { failed: 0, item: null, error: null };
}

/** Calls of these steps that succeeded, with their sealed results, by item. */
export async function listFlowResults(
  db: Db,
  request: { flowRunId: string; steps: readonly string[] },
): Promise<{ step: string; item: number; result: Buffer | null; workspaceId: string; connectionId: string }[]> {
  const { rows } = await db.query<{
    step: string;
    item: number;
    result: Buffer | null;
    workspaceId: string;
    connectionId: string;
  }>(
    `SELECT c.step, c.item, r.result, r.workspace_id AS "workspaceId", r.connection_id AS "connectionId"
     FROM control.flow_call c JOIN control.action_run r ON r.id = c.action_run_id
     WHERE c.flow_run_id = $1 AND c.step = ANY($2) AND c.kind = 'do' AND c.state = 'succeeded' ORDER BY c.step, c.item`,
    [request.flowRunId, request.steps],
  );
  return rows;
}

/** The last call of a step that succeeded and was not undone, whatever became of trying. null: none is left. */
export async function nextFlowUndo(db: Db, request: StepKey): Promise<FlowCallRow | null> {
  const found = one(
    await db.query<{ item: number }>(
      `SELECT d.item FROM control.flow_call d WHERE d.flow_run_id = $1 AND d.step = $2 AND d.kind = 'do' AND d.state = 'succeeded'
         AND NOT EXISTS (SELECT FROM control.flow_call u WHERE u.flow_run_id = $1 AND u.step = $2 AND u.kind = 'undo' AND u.item = d.item
                           AND u.state IN ('succeeded', 'failed'))
       ORDER BY d.item DESC LIMIT 1`,
      [request.flowRunId, request.step],
    ),
  );
  return found === null ? null : getFlowCall(db, { ...request, kind: 'do', item: found.item });
}

/** The row of kind `undo` of a call; made where it is not there. */
export async function openFlowUndo(db: Db, made: StepKey & Pick<FlowCallRow, 'item' | 'value'>): Promise<FlowCallRow> {
  await db.query(
    `INSERT INTO control.flow_call (flow_run_id, step, kind, item, value) VALUES ($1, $2, 'undo', $3, $4) ON CONFLICT DO NOTHING`,
    [made.flowRunId, made.step, made.item, made.value],
  );
  const row = await getFlowCall(db, { flowRunId: made.flowRunId, step: made.step, kind: 'undo', item: made.item });
  if (row === null) throw new SluiceError('NOT_FOUND', { detail: 'the run of the flow does not exist' });
  return row;
}

/** How compensation went: what was undone, what could not be. */
export async function countFlowUndos(db: Db, request: { flowRunId: string }): Promise<{ undone: number; failed: number }> {
  const found = one(
    await db.query<{ undone: number; failed: number }>(
      `SELECT count(*) FILTER (WHERE state = 'succeeded') AS undone, count(*) FILTER (WHERE state <> 'succeeded') AS failed
       FROM control.flow_call WHERE flow_run_id = $1 AND kind = 'undo'`,
      [request.flowRunId],
    ),
  );
  return found ?? { undone: 0, failed: 0 };
}

/** The flow's run that waits for this run of an action, if one does. By flow_call_action_run. */
export async function findWaitingFlowRun(db: Db, request: { actionRunId: string }): Promise<{ workflowId: string } | null> {
  return one(
    await db.query<{ workflowId: string }>(
      `SELECT r.workflow_id AS "workflowId" FROM control.flow_call c JOIN control.flow_run r ON r.id = c.flow_run_id
       WHERE c.action_run_id = $1 AND r.finished_at IS NULL LIMIT 1`,
      [request.actionRunId],
    ),
  );
}
