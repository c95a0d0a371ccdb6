import type { Stack } from '../../libs/stack/index.js';

const keyOf = (stack: Stack): string => `-H "Authorization: Bearer ${stack.apiKey}"`;

/** What there is to see after each part of the demo, and commands to try. */
export const whatNext = {
  afterSync: ({ stack, runId, syncId }: { stack: Stack; runId: string; syncId: string }): string[] => [
    `the run            ${stack.temporalUiUrl}/namespaces/default/workflows/sync-run-${runId}`,
    `warehouse          ${stack.warehouseUrl}`,
    '',
    'Try:',
    `  # the run: its state, counts and times`,
    `  curl -s ${keyOf(stack)} ${stack.apiUrl}/v1/runs/${runId}`,
    `  # 1,000 new events at the shop, then the next sync: it reads only what is new`,
    `  curl -s -X POST -H "X-Admin-Token: ${stack.shopAdminToken}" "${stack.shopUrl}/shop/_admin/append?entity=events&count=1000" && curl -s -X POST ${keyOf(stack)} ${stack.apiUrl}/v1/syncs/${syncId}/runs`,
    `  # the sync: its streams, and what it does with them`,
    `  curl -s ${keyOf(stack)} ${stack.apiUrl}/v1/syncs/${syncId}`,
  ],
  afterScenarios: ({ stack, flow }: { stack: Stack; flow: string }): string[] => [
    '',
    'Sell something, and look what the checkout makes of it:',
    `  curl -s -X POST -H "X-Api-Key: ${stack.shopApiKey}" ${stack.shopUrl}/shop/sales -d '{"customer_email":"ann@example.com","currency":"EUR","lines":[{"sku":"cup","quantity":2,"unit_price":9.5}]}'`,
    `  curl -s ${keyOf(stack)} "${stack.apiUrl}/v1/flow-runs?flow_id=${flow}&limit=1"`,
    `  curl -s -H "X-Api-Key: ${stack.shopApiKey}" "${stack.shopUrl}/shop/sales?status=paid"`,
  ],
};
