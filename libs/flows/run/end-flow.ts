import { ABANDONED, dropAction, toRunError } from '../../actions/index.js';
import type { EndFlowInput } from '../../contracts/flow-activities.schema.js';
import type { FlowOutcome, FlowWorkflowResult } from '../../contracts/flow-workflow.js';
import { SluiceError } from '../../errors/index.js';
import { endDelivery } from '../../events/index.js';
import {
  countFlowUndos,
  finishFlowRun,
  getFlowRun,
  inTransaction,
  listFlowSteps,
  listOpenFlowCalls,
  type FlowRunRow,
  type RunError,
  type Transaction,
} from '../../store/index.js';
import { fillMapping, mappingExpressions } from '../define/mapping.js';
import type { FlowPorts } from './flow-ports.js';
import { contextOf, loadRun, type LoadedRun } from './load-run.js';
import { sealValue } from './sealed-flow.js';

/** Ends a run: with its response, or with why it failed. The first end counts. */
export async function endFlow(ports: FlowPorts, { flowRunId, outcome, error }: EndFlowInput): Promise<FlowWorkflowResult> {
  const loaded = await loadRun(ports, flowRunId);
  const { run } = loaded;
  if (run.finishedAt !== null) return { outcome: run.state as FlowOutcome };
  switch (outcome) {
    case 'succeeded':
      return { outcome: await succeed(ports, loaded) };
    case 'failed': {
      const end = await failureOf(ports, loaded, error);
      return { outcome: await inTransaction(ports.pool, (tx) => endRunOfFlow(tx, { id: run.id, ...end })) };
    }
    case 'cancelled': {
      const end = { id: run.id, state: 'cancelled' as const, error: { code: 'RUN_CANCELLED' as const } };
      return { outcome: await inTransaction(ports.pool, (tx) => endRunOfFlow(tx, end)) };
    }
    default: {
      const never: never = outcome;
      throw new Error(`unknown outcome ${String(never)}`);
    }
  }
}

/**
 * Writes a run's end, and its delivery's where an event started it; what it is now. Of a run that did not succeed nothing more is sent; what was sent is
 * followed up by itself.
 */
export async function endRunOfFlow(
  tx: Transaction,
  end: Parameters<typeof finishFlowRun>[1] & { error?: RunError | null },
): Promise<FlowOutcome> {
  if (await finishFlowRun(tx, end)) {
    const failed = end.state !== 'succeeded' && end.state !== 'skipped';
    const why = end.error === null || end.error === undefined ? {} : { error: end.error.code };
    if (failed)
      for (const id of await listOpenFlowCalls(tx, { flowRunId: end.id })) await dropAction(tx, { id, error: ABANDONED });
    await endDelivery(tx, { id: end.id, state: failed ? 'failed' : 'succeeded', ...why });
  }
  const run = await getFlowRun(tx, { id: end.id });
  return (run?.state ?? end.state) as FlowOutcome;
}

export const failFlow = (ports: FlowPorts, run: Pick<FlowRunRow, 'id'>, error: SluiceError): Promise<FlowOutcome> =>
  inTransaction(ports.pool, (tx) => endRunOfFlow(tx, { id: run.id, state: 'failed', error: toRunError(error) }));

async function succeed(ports: FlowPorts, loaded: LoadedRun): Promise<FlowOutcome> {
  const { run, program } = loaded;
  const { respond } = program.definition;
  let response: unknown = null;
  if (respond !== undefined)
    try {
      const expressions = mappingExpressions(respond, '/respond');
      const values = await program.evaluate(expressions, await contextOf(ports, loaded, expressions));
      response = fillMapping(respond, '/respond', values) ?? null;
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retryable) throw error;
      return failFlow(ports, run, error);
    }
  const sealed = sealValue(ports.secrets, run, response);
  return inTransaction(ports.pool, (tx) => endRunOfFlow(tx, { id: run.id, state: 'succeeded', response: sealed }));
}

/** By what the steps say: the first that failed and was not to be passed over. */
async function failureOf(
  ports: FlowPorts,
  { run, program }: LoadedRun,
  given: EndFlowInput['error'],
): Promise<{ state: 'failed' | 'compensated'; error: RunError }> {
  const steps = await listFlowSteps(ports.pool, { flowRunId: run.id });
  const passedOver = (id: string): boolean => program.definition.steps.find((step) => step.id === id)?.onError === 'continue';
  const failed = steps.find(({ step, state }) => state === 'failed' && !passedOver(step));
  const why = failed?.error ?? given ?? { code: 'INTERNAL' as const };
  const error: RunError = {
    ...why,
    ...(failed === undefined
      ? {}
      : {
          detail: `step ${failed.step}${why.detail === undefined ? '' : `: ${why.detail}`}`,
          details: { ...why.details, step: failed.step },
        }),
  };
  if (run.state !== 'compensating') return { state: 'failed', error };
  const undos = await countFlowUndos(ports.pool, { flowRunId: run.id });
  if (undos.failed === 0) return { state: 'compensated', error };
  const details = { ...error.details, cause: error.code, undone: undos.undone, not_undone: undos.failed };
  return { state: 'failed', error: { ...error, code: 'FLOW_COMPENSATION_FAILED', details } };
}
