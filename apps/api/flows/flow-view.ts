import type { FlowRunSummary, FlowRunView, FlowVersionView, FlowView } from '../../../libs/contracts/flow-view.schema.js';
import { triggerOf } from '../../../libs/contracts/flow.schema.js';
import { openValue } from '../../../libs/flows/index.js';
import type { SecretBox } from '../../../libs/secrets/index.js';
import type { FlowCallRow, FlowRow, FlowRunRow, FlowStepRow, FlowVersionRow } from '../../../libs/store/index.js';
import { errorView } from '../runs/run-view.js';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
const viewOf = (error: FlowRunRow['error']) => (error === null ? null : errorView(error));

export const flowView = (row: FlowRow, { definition }: FlowVersionRow): FlowView => ({
  id: row.id,
  name: row.name,
  version: row.version,
  enabled: row.enabled,
  trigger: triggerOf(definition),
  definition,
  created_at: row.createdAt.toISOString(),
  updated_at: row.updatedAt.toISOString(),
});

export const flowVersionView = ({ version, hash, definition, createdAt }: FlowVersionRow): FlowVersionView => ({
  ...{ version, hash, definition },
  created_at: createdAt.toISOString(),
});

export const flowRunSummary = (row: FlowRunRow): FlowRunSummary => ({
  id: row.id,
  flow_id: row.flowId,
  flow_version: row.flowVersion,
  trigger: row.trigger,
  event_id: row.eventId,
  state: row.state,
  idempotency_key: row.idempotencyKey,
  error: viewOf(row.error),
  created_at: row.createdAt.toISOString(),
  started_at: iso(row.startedAt),
  finished_at: iso(row.finishedAt),
  workflow_id: row.workflowId,
});

/** With the response, whose numbers keep every digit: print it with stringifyJson. */
export function flowRunView(
  row: FlowRunRow,
  { steps, calls }: { steps: readonly FlowStepRow[]; calls: readonly FlowCallRow[] },
  secrets: SecretBox,
): FlowRunView {
  const callsOf = (step: string, kind: FlowCallRow['kind']) =>
    calls
      .filter((call) => call.step === step && call.kind === kind)
      .map(({ item, state, actionRunId, error }) => ({ item, state, action_run_id: actionRunId, error: viewOf(error) }));
  return {
    ...flowRunSummary(row),
    response: row.response === null ? null : openValue(secrets, row, row.response),
    steps: steps.map(({ step, state, items, error, finishedAt }) => ({
      ...{ id: step, state, items, error: viewOf(error) },
      ...{ calls: callsOf(step, 'do'), undone: callsOf(step, 'undo'), finished_at: iso(finishedAt) },
    })),
  };
}
