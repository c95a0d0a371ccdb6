import type { FlowCallInput } from '../../contracts/flow-activities.schema.js';
import type { CallResult } from '../../contracts/flow-workflow.js';
import { SluiceError } from '../../errors/index.js';
import { getFlowCall, type FlowCallRow } from '../../store/index.js';
import type { FlowPorts } from './flow-ports.js';
import { loadRun, stepOf, type LoadedRun } from './load-run.js';
import { FlowMapping, makeCall } from './make-call.js';
import { openValue } from './sealed-flow.js';

/** One call of a step: see makeCall. */
export async function callStep(
  ports: FlowPorts,
  { flowRunId, step: id, item, signal }: FlowCallInput & { signal: AbortSignal },
): Promise<CallResult> {
  const row = await getFlowCall(ports.pool, { flowRunId, step: id, kind: 'do', item });
  if (row === null) throw new SluiceError('INTERNAL', { detail: `the step ${id} has no item ${item}` });
  if (row.state === 'succeeded' || row.state === 'failed') return { status: row.state };
  const loaded = await loadRun(ports, flowRunId);
  const { step, path } = stepOf(loaded.program, id);
  return makeCall(ports, {
    ...{ loaded, row, signal },
    connectionId: connectionOf(loaded, step.connection),
    action: step.action,
    input: new FlowMapping(step.input, `${path}/input`, itemOf(ports, loaded, row)),
  });
}

/** `item` and `index`, where there is forEach. */
export const itemOf = (ports: FlowPorts, { run }: LoadedRun, { value, item }: FlowCallRow): Record<string, unknown> =>
  value === null ? {} : { item: openValue(ports.secrets, run, value), index: item };

/** Its id was found when the flow was stored. */
export function connectionOf({ program }: LoadedRun, name: string): string {
  const id = program.connections[name];
  if (id === undefined) throw new SluiceError('INTERNAL', { detail: `the flow has no connection ${name}` });
  return id;
}
