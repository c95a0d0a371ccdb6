import { isTerminal, RUN_STATES, RUN_TRANSITIONS, type RunState } from '../contracts/run-state.js';
import { one, type Db } from './database.js';
import { RUN_COLUMNS, type RunError, type RunRow, type RunWaiting } from './runs.repository.js';
import { TOLD_ERROR, toldEndpoints } from './tell-endpoints.js';

/** Of a run that ended. Its counts as they were last read from the ledger, of all streams. */
const TOLD_RUN = `jsonb_build_object('run_id', id, 'sync_id', sync_id, 'lane', lane, 'trigger', trigger, 'state', state, 'error', ${TOLD_ERROR},
  'counts', (SELECT jsonb_object_agg(key, n) FROM (SELECT c.key, sum(c.value::bigint) AS n
    FROM control.run_stream s, jsonb_each_text(s.counts) c WHERE s.run_id = moved.id GROUP BY c.key) k),
  'started_at', started_at, 'finished_at', finished_at)`;

/** The states from which `to` may follow, by the transition table. */
export function statesBefore(to: RunState): RunState[] {
  return RUN_STATES.filter((state) => RUN_TRANSITIONS[state].includes(to));
}

/**
 * Moves a run to `to`, if the transition table allows it from the state it is in (and that state is one of `from`, when given), in
 * one statement. null: it does not; read the run to see its state. The first move to `running` sets started_at, a move to a terminal
 * state finished_at, and webhook endpoints are told of it; `waiting` and `error` belong to the new state and replace what was there (an error stays once set).
 */
export async function transitionRun(
  db: Db,
  request: { id: string; to: RunState; from?: readonly RunState[]; waiting?: RunWaiting; error?: RunError },
): Promise<RunRow | null> {
  const before = statesBefore(request.to).filter((state) => request.from?.includes(state) ?? true);
  return one(
    await db.query<RunRow>(
      `WITH moved AS (
         UPDATE control.run
         SET state = $2, waiting = $4, error = coalesce($5, error),
             started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
             finished_at = CASE WHEN $6 THEN now() ELSE finished_at END
         WHERE id = $1 AND state = ANY($3) RETURNING *
       ), ${toldEndpoints({ from: `moved WHERE finished_at IS NOT NULL`, type: `'run.' || state`, data: TOLD_RUN })}
       SELECT ${RUN_COLUMNS} FROM moved`,
      [
        request.id,
        request.to,
        before,
        request.waiting === undefined ? null : JSON.stringify(request.waiting),
        request.error === undefined ? null : JSON.stringify(request.error),
        isTerminal(request.to),
      ],
    ),
  );
}

/** What an active run waits for, without a change of state; null: nothing. */
export async function setRunWaiting(db: Db, request: { id: string; waiting: RunWaiting | null }): Promise<void> {
  await db.query(`UPDATE control.run SET waiting = $2 WHERE id = $1 AND finished_at IS NULL`, [
    request.id,
    request.waiting === null ? null : JSON.stringify(request.waiting),
  ]);
}

/** Pins what the run works with; see putDocument. */
export async function pinRun(db: Db, request: { id: string; manifestHash: string | null; catalogHash: string }): Promise<void> {
  await db.query(`UPDATE control.run SET manifest_hash = $2, catalog_hash = $3 WHERE id = $1`, [
    request.id,
    request.manifestHash,
    request.catalogHash,
  ]);
}

/** The workflow exists; `executionId` is Temporal's run id of its first execution. */
export async function setFirstExecution(db: Db, request: { id: string; executionId: string }): Promise<void> {
  await db.query(`UPDATE control.run SET first_execution_id = $2 WHERE id = $1 AND first_execution_id IS NULL`, [
    request.id,
    request.executionId,
  ]);
}

/** Undoes a request (to pause, to cancel) that could not be passed on. The state table has no way back, since nothing has happened. */
export async function takeBackTransition(db: Db, request: { id: string; from: RunState; to: RunState }): Promise<void> {
  await db.query('UPDATE control.run SET state = $3 WHERE id = $1 AND state = $2', [request.id, request.from, request.to]);
}
