import { openText } from '../../actions/index.js';
import type { FlowStepInput, UndoResult } from '../../contracts/flow-workflow.js';
import { parseJson } from '../../json/index.js';
import { getActionRun, getFlowCall, nextFlowUndo } from '../../store/index.js';
import { connectionOf, itemOf } from './call-step.js';
import type { FlowPorts } from './flow-ports.js';
import { loadRun, stepOf } from './load-run.js';
import { makeCall } from './make-call.js';

/** The next of what the last call of a step that is not undone needs. A step that nothing undoes has none. */
export async function undoStep(
  ports: FlowPorts,
  { flowRunId, step: id, signal }: FlowStepInput & { signal: AbortSignal },
): Promise<UndoResult> {
  const loaded = await loadRun(ports, flowRunId);
  const { step, path } = stepOf(loaded.program, id);
  const { compensate } = step;
  if (compensate === undefined) return { status: 'none' };
  const row = await nextFlowUndo(ports.pool, { flowRunId, step: id });
  if (row === null) return { status: 'none' };
  const made = await getFlowCall(ports.pool, { flowRunId, step: id, kind: 'do', item: row.item });
  const run = made?.actionRunId == null ? null : await getActionRun(ports.pool, { id: made.actionRunId });
  const result = run?.result == null ? null : parseJson(openText(ports.secrets, run, run.result));
  return makeCall(ports, {
    ...{ loaded, row, signal },
    connectionId: connectionOf(loaded, compensate.connection ?? step.connection),
    action: compensate.action,
    mapping: compensate.input,
    path: `${path}/compensate/input`,
    more: { ...itemOf(ports, loaded, row), result },
  });
}
