import type { ActionOutcomeState, ActionStep } from '../contracts/action-workflow.js';
import type { SluiceError } from '../errors/index.js';
import {
  actionOutcome,
  endActionRun,
  getActionRun,
  inTransaction,
  lastEffect,
  settleEffect,
  settleLastEffect,
  type ActionRunRow,
  type Db,
  type EffectRow,
  type Pool,
  type RunError,
} from '../store/index.js';

/** How a run ends, and with it the try that decided it. */
export interface RunEnd {
  attempt: number;
  effect: Extract<EffectRow['state'], 'succeeded' | 'failed' | 'outcome_unknown'>;
  state: ActionOutcomeState;
  status?: number | null;
  resolvedBy?: EffectRow['resolvedBy'];
  error?: SluiceError;
  result?: Buffer;
  providerAnswer?: Buffer;
}

/** Writes run and ledger with one commit. Whoever was first is right: a run that has ended stays as it is. */
export async function endRun(db: Db, runId: string, end: RunEnd): Promise<ActionStep> {
  const { attempt, effect: state, status = null, error, result = null, providerAnswer = null } = end;
  const resolvedBy = state === 'outcome_unknown' ? null : (end.resolvedBy ?? 'answer');
  const run = { state: end.state, result, providerAnswer, error: error === undefined ? null : toRunError(error) };
  if (await settleLastEffect(db, { runId, attempt, state, status, resolvedBy, run }))
    return { status: 'done', outcome: end.state };
  return stepOf(await getActionRun(db, { id: runId }));
}

/** Ends a run that cannot go on: nobody knows what became of a try that was sent. */
export function failedBy(pool: Pool, runId: string, error: SluiceError | RunError): Promise<ActionStep> {
  const why = 'retryable' in error ? toRunError(error) : error;
  return inTransaction(pool, async (tx) => {
    const last = await lastEffect(tx, { runId });
    const state = last?.state === 'sent' ? 'outcome_unknown' : 'failed';
    if (last !== null) await settleEffect(tx, { runId, attempt: last.attempt, state, status: null, resolvedBy: null });
    await endActionRun(tx, { id: runId, state, error: state === 'failed' ? why : { code: 'OUTCOME_UNKNOWN', detail: why.code } });
    return stepOf(await getActionRun(tx, { id: runId }));
  });
}

function stepOf(run: ActionRunRow | null): ActionStep {
  const outcome = run === null ? null : actionOutcome(run);
  return outcome === null ? { status: 'wait', until: Date.now() } : { status: 'done', outcome };
}

export const toRunError = ({ code, detail, details, errors }: SluiceError): RunError => ({
  code,
  ...(detail === undefined ? {} : { detail }),
  ...(errors.length === 0 ? {} : { errors }),
  ...(Object.keys(details).length === 0 ? {} : { details }),
});
