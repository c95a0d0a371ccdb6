import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../with-stack.js';
import { InboxLooker } from './inbox.js';
import type { RealtimeOptions, WebhookCase } from './options.js';
import { latencyResult, type RealtimeResult } from './results.js';
import { sendWebhooks, type HookTarget } from './webhook-load.js';

/** What an acknowledgement may take. */
export const MOST_P99_MS = 50;
const WARM_UP_SECONDS = 3;
/** How long it takes is a result, and no bound; a run has to end. */
const DRAIN_WITHIN_MS = 1_200_000;
const LIST_LAGS_MS = 3_000;

/** Webhooks at a steady rate, each handed to one flow; in the case `outage` Temporal is away in the middle third. */
export async function webhookCases(
  bench: Bench,
  { cases, seconds, rate }: Pick<RealtimeOptions, 'seconds' | 'rate'> & { cases: readonly WebhookCase[] },
  say: (line: string) => void,
): Promise<RealtimeResult[]> {
  const inbox = new InboxLooker(bench.stack);
  try {
    const target = await openHook(bench, inbox);
    await sendWebhooks({ target, prefix: 'warm-', rate: Math.min(rate, 50), seconds: WARM_UP_SECONDS });
    await drain(inbox, 'warm-');
    await delay(LIST_LAGS_MS);
    const results: RealtimeResult[] = [];
    for (const name of cases) {
      say(`${name}: ${rate} webhooks a second for ${seconds} s`);
      results.push(await play(bench, inbox, target, { name, rate, seconds }));
    }
    return results;
  } finally {
    await inbox.close();
  }
}

async function openHook({ stack, rest, connect }: Bench, inbox: InboxLooker): Promise<HookTarget> {
  const connection = await connect('selling', 'demo-shop', { base_url: stack.shopUrl, api_key: stack.shopApiKey });
  const hook = await rest.post<{ path: string; secret: string }>(`/v1/connections/${connection}/hooks`, { webhook: 'events' });
  await inbox.subscribe(connection, randomUUID());
  return { origin: stack.apiUrl, path: hook.path, secret: hook.secret };
}

async function play(
  { stack }: Bench,
  inbox: InboxLooker,
  target: HookTarget,
  { name, rate, seconds }: { name: WebhookCase; rate: number; seconds: number },
): Promise<RealtimeResult> {
  const prefix = `${name}-${randomUUID().slice(0, 8)}-`;
  const before = await inbox.executions();
  const away: Promise<unknown>[] = [];
  let backAt = 0;
  const marks = [
    { share: 1 / 3, act: () => void stack.kill('temporal', 'SIGKILL') },
    { share: 2 / 3, act: () => void away.push(stack.restart('temporal').then(() => (backAt = performance.now()))) },
  ];
  const load = await sendWebhooks({ target, prefix, rate, seconds, ...(name === 'outage' ? { marks } : {}) });
  const ended = performance.now();
  await Promise.all(away);
  const drained = await drain(inbox, prefix);
  const executed = performance.now();
  // Temporal's list of workflows lags behind.
  await delay(LIST_LAGS_MS);
  const runs = (await inbox.executions()) - before;
  const { events, deliveries, pending } = await inbox.counts(prefix);
  const total = rate * seconds;
  const facts = {
    lost: load.acknowledged - events,
    runs,
    // Since both the load had ended and Temporal was there.
    drain_seconds: Number(((executed - Math.max(ended, backAt)) / 1_000).toFixed(1)),
  };
  const result = latencyResult({ case: name, latencies: load.latencies, seconds, facts, problems: [] });
  const problems = [
    ...(load.refused === 0 ? [] : [`${load.refused} of ${total} were not acknowledged`]),
    ...(events === load.acknowledged ? [] : [`${events} of ${load.acknowledged} acknowledged events are stored`]),
    ...(deliveries === events ? [] : [`${deliveries} deliveries of ${events} events`]),
    ...(runs === deliveries ? [] : [`${runs} workflows of ${deliveries} deliveries`]),
    ...(drained ? [] : [`${pending} deliveries still wait`]),
    ...(result.p99 <= MOST_P99_MS ? [] : [`p99 is ${result.p99} ms, not ${MOST_P99_MS}`]),
  ];
  return { ...result, problems };
}

/** Whether every delivery has left for its flow in time. */
async function drain(inbox: InboxLooker, prefix: string): Promise<boolean> {
  for (const deadline = performance.now() + DRAIN_WITHIN_MS; performance.now() < deadline; await delay(100))
    if ((await inbox.counts(prefix)).pending === 0) return true;
  return false;
}
