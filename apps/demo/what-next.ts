import type { Stack } from '../../libs/stack/index.js';

/** What there is to see, and three commands to try. */
export function whatNext({ stack, runId, syncId }: { stack: Stack; runId: string; syncId: string }): string {
  const key = `-H "Authorization: Bearer ${stack.apiKey}"`;
  return [
    `API documentation  ${stack.apiUrl}/v1/docs`,
    `Temporal UI        ${stack.temporalUiUrl}/namespaces/default/workflows/sync-run-${runId}`,
    `warehouse          ${stack.warehouseUrl}`,
    '',
    'Try:',
    `  # the run: its state, counts and times`,
    `  curl -s ${key} ${stack.apiUrl}/v1/runs/${runId}`,
    `  # 1,000 new events at the shop, then the next sync: it reads only what is new`,
    `  curl -s -X POST -H "X-Admin-Token: ${stack.shopAdminToken}" "${stack.shopUrl}/shop/_admin/append?entity=events&count=1000" && curl -s -X POST ${key} ${stack.apiUrl}/v1/syncs/${syncId}/runs`,
    `  # what the connection offers`,
    `  curl -s ${key} ${stack.apiUrl}/v1/syncs/${syncId}`,
    '',
    'It stays up until Ctrl-C.',
  ].join('\n');
}
