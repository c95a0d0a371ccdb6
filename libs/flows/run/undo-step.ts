import { openText } from '../../secrets/index.js';
import type { FlowStepInput } from '../../contracts/flow-activities.schema.js';
import type { UndoResult } from '../../contracts/flow-workflow.js';
import type { JsonObject, JsonValue } from '../../contracts/json.js';
import { parseJson } from '../../json/index.js';
import { findConnectorVersion, getActionRun, nextFlowUndo, openFlowUndo, type ActionRunRow } from '../../store/index.js';
import { connectionOf, itemOf } from './call-step.js';
import type { FlowPorts } from './flow-ports.js';
import { loadRun, stepOf } from './load-run.js';
import { FlowMapping, makeCall } from './make-call.js';

/**
 * The next of what the last call of a step that is not undone needs. What undoes it the step says, or else the version of the connector that made the
 * call. A step that nothing undoes has none.
 */
export async function undoStep(
  ports: FlowPorts,
  { flowRunId, step: id, signal }: FlowStepInput & { signal: AbortSignal },
): Promise<UndoResult> {
  const loaded = await loadRun(ports, flowRunId);
  const { step, path } = stepOf(loaded.program, id);
  const made = await nextFlowUndo(ports.pool, { flowRunId, step: id });
  const run = made?.actionRunId == null ? null : await getActionRun(ports.pool, { id: made.actionRunId });
  if (made === null || run === null) return { status: 'none' };
  const { compensate } = step;
  const declared = compensate === undefined ? await declaredBy(ports, run) : null;
  if (compensate === undefined && declared === null) return { status: 'none' };
  const row = await openFlowUndo(ports.pool, { ...made, flowRunId });
  const result = run.result === null ? null : (parseJson(openText(ports.secrets, run, run.result)) as JsonValue);
  if (compensate !== undefined)
    return makeCall(ports, {
      ...{ loaded, row, signal },
      connectionId: connectionOf(loaded, compensate.connection ?? step.connection),
      action: compensate.action,
      input: new FlowMapping(compensate.input, `${path}/compensate/input`, { ...itemOf(ports, loaded, row), result }),
    });
  if (declared === null) return { status: 'none' };
  return makeCall(ports, {
    ...{ loaded, row, signal },
    connectionId: connectionOf(loaded, step.connection),
    action: declared.action,
    input: () => declared.inputOf({ input: parseJson(openText(ports.secrets, run, run.input)) as JsonObject, result }),
  });
}

async function declaredBy({ pool, catalog }: FlowPorts, run: ActionRunRow) {
  const { workspaceId, connector: name, connectorHash: hash, action } = run;
  const connector = await findConnectorVersion(pool, { workspaceId, name, hash });
  return connector === null ? null : catalog.undoing({ connector, action });
}
