import { openText, type SecretBox } from '../../../libs/secrets/index.js';
import type { ActionRunSummary, ActionRunView } from '../../../libs/contracts/action.schema.js';
import { parseJson } from '../../../libs/json/index.js';
import type { ActionRunRow, EffectRow } from '../../../libs/store/index.js';
import { errorView } from '../runs/run-view.js';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

export const actionRunSummary = (row: ActionRunRow): ActionRunSummary => ({
  id: row.id,
  connection_id: row.connectionId,
  action: row.action,
  connector_version: row.connectorHash,
  state: row.state,
  idempotency_key: row.idempotencyKey,
  error: row.error === null ? null : errorView(row.error),
  created_at: row.createdAt.toISOString(),
  finished_at: iso(row.finishedAt),
  workflow_id: row.workflowId,
});

/** With what is encrypted in the store. Numbers of the result keep every digit: print it with stringifyJson. */
export function actionRunView(row: ActionRunRow, effects: readonly EffectRow[], secrets: SecretBox): ActionRunView {
  const open = (sealed: Buffer | null): string | null => (sealed === null ? null : openText(secrets, row, sealed));
  const result = open(row.result);
  return {
    ...actionRunSummary(row),
    result: result === null ? null : parseJson(result),
    provider_answer: open(row.providerAnswer),
    effects: effects.map(({ attempt, state, status, resolvedBy, sentAt, deadline, settledAt }) => ({
      ...{ attempt, state, status, resolved_by: resolvedBy },
      ...{ sent_at: iso(sentAt), deadline: iso(deadline), settled_at: iso(settledAt) },
    })),
  };
}
