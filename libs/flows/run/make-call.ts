import { failedBy, performAction, reserveAction, toRunError } from '../../actions/index.js';
import type { ActionStep } from '../../contracts/action-workflow.js';
import type { CallResult } from '../../contracts/flow-workflow.js';
import type { JsonObject, JsonValue } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { isObject } from '../../json/index.js';
import { getActionRun, inTransaction, linkFlowCall, updateFlowCall, type FlowCallRow } from '../../store/index.js';
import { fillMapping, mappingExpressions } from '../define/mapping.js';
import { callId, callKey } from './call-id.js';
import type { FlowPorts } from './flow-ports.js';
import { contextOf, type LoadedRun } from './load-run.js';

/** Of a definition. */
export class FlowMapping {
  constructor(
    readonly mapping: JsonValue,
    /** Where it stands. */
    readonly path: string,
    /** What it sees besides. */
    readonly more: Readonly<Record<string, unknown>>,
  ) {}
}

/** A call of an action by a run of a flow. */
export interface FlowCall {
  loaded: LoadedRun;
  row: FlowCallRow;
  connectionId: string;
  action: string;
  /** Its input, or what makes it. */
  input: FlowMapping | (() => JsonObject);
  signal: AbortSignal;
}

/**
 * The next of what a call needs. Its action run has an id made of run, step and item, so one that was made is met again, with the input that it
 * was first given; what may be sent the effect ledger says. A run that has ended makes none. Errors: those worth a retry.
 */
export async function makeCall(ports: FlowPorts, call: FlowCall): Promise<CallResult> {
  const { loaded, row, signal } = call;
  const key = { flowRunId: loaded.run.id, step: row.step, kind: row.kind, item: row.item };
  const fail = async (error: SluiceError): Promise<CallResult> => {
    await updateFlowCall(ports.pool, { ...key, state: 'failed', error: toRunError(error) });
    return { status: 'failed' };
  };
  let { actionRunId } = row;
  if (actionRunId === null)
    try {
      actionRunId = await reserve(ports, call);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retryable) throw error;
      return fail(error);
    }
  let step: ActionStep;
  try {
    step = await performAction(ports, { runId: actionRunId, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SluiceError) || error.retryable) throw error;
    step = await failedBy(ports.pool, actionRunId, error);
  }
  if (step.status === 'wait') {
    if (row.state === 'outcome_unknown') await updateFlowCall(ports.pool, { ...key, state: 'running' });
    return { status: 'wait', until: step.until };
  }
  const { outcome } = step;
  if (outcome === 'succeeded') {
    await updateFlowCall(ports.pool, { ...key, state: 'succeeded' });
    return { status: 'succeeded' };
  }
  const error = (await getActionRun(ports.pool, { id: actionRunId }))?.error ?? { code: 'INTERNAL' as const };
  await updateFlowCall(ports.pool, { ...key, state: outcome, error });
  return { status: outcome === 'failed' ? 'failed' : 'unknown' };
}

async function inputOf(ports: FlowPorts, loaded: LoadedRun, { mapping, path, more }: FlowMapping): Promise<JsonObject> {
  const { program } = loaded;
  const expressions = mappingExpressions(mapping, path);
  const values = await program.evaluate(expressions, await contextOf(ports, loaded, expressions, more));
  const input = fillMapping(mapping, path, values);
  if (!isObject(input))
    throw new SluiceError('FLOW_EXPRESSION_FAILED', {
      detail: `${path} does not give an object`,
      errors: [{ path, message: 'must give an object: the input of the action' }],
    });
  return input as JsonObject;
}

async function reserve(ports: FlowPorts, { loaded, row, connectionId, action, input: given }: FlowCall): Promise<string> {
  const { run } = loaded;
  const input = given instanceof FlowMapping ? await inputOf(ports, loaded, given) : given();
  const key = { flowRunId: run.id, step: row.step, kind: row.kind, item: row.item };
  return inTransaction(ports.pool, async (tx) => {
    const { row: made } = await reserveAction(
      { db: tx, secrets: ports.secrets, catalog: ports.catalog },
      {
        workspaceId: run.workspaceId,
        connectionId,
        action,
        input,
        id: callId(key),
        idempotencyKey: callKey(key),
      },
    );
    if (await linkFlowCall(tx, { ...key, actionRunId: made.id })) return made.id;
    throw new SluiceError('RUN_CANCELLED', { detail: 'the run of the flow has ended' });
  });
}
