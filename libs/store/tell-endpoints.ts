/**
 * CTE `told`: a delivery of what happened to each webhook endpoint that wants to hear of it, in the statement that makes it so. For each row of the CTE `from`
 * where `type` is not null; all are SQL over its columns, which have a `workspace_id`. `data`: jsonb of ids, states, codes and counts, never records or
 * secrets. Endpoints are found by webhook_endpoint_workspace.
 */
export const toldEndpoints = ({ from, type, data }: { from: string; type: string; data: string }): string =>
  `told AS (
     INSERT INTO control.endpoint_delivery (endpoint_id, type, data)
     SELECT e.id, t.type, t.data FROM (SELECT workspace_id, ${type} AS type, ${data} AS data FROM ${from}) t
     JOIN control.webhook_endpoint e ON e.workspace_id = t.workspace_id AND e.enabled
       AND e.types && ARRAY['*', t.type, split_part(t.type, '.', 1) || '.*']
     RETURNING 1
   )`;

/** What of an error column may be told: its code. */
export const TOLD_ERROR = `CASE WHEN error IS NULL THEN NULL ELSE jsonb_build_object('code', error->>'code') END`;

/** Of a run of an action that ended, by whichever statement. */
export const TOLD_ACTION_RUN = `jsonb_build_object('action_run_id', id, 'connection_id', connection_id, 'action', action, 'state', state, 'error', ${TOLD_ERROR},
  'created_at', created_at, 'finished_at', finished_at)`;
