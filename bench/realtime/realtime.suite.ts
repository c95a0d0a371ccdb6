import { join } from 'node:path';
import { withStack } from '../with-stack.js';
import { actionCases } from './action.cases.js';
import type { RealtimeOptions } from './options.js';
import type { RealtimeResult } from './results.js';
import { webhookCases } from './webhook.cases.js';

/** What somebody waits for: a stack of its own, with the demo shop as the outside world. */
export function realtimeSuite(request: {
  options: RealtimeOptions;
  root: string;
  say: (line: string) => void;
}): Promise<RealtimeResult[]> {
  const { options, root, say } = request;
  return withStack({ home: join(root, '.sluice/bench-realtime'), demoShop: {}, log: say }, async (bench) => {
    const calls = options.cases.includes('actions') ? await actionCases(bench, options, say) : [];
    const webhooks = options.cases.filter((name) => name !== 'actions');
    return webhooks.length === 0 ? calls : [...calls, ...(await webhookCases(bench, { ...options, cases: webhooks }, say))];
  });
}
