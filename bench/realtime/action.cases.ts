import { Pool } from 'undici';
import type { Bench } from '../with-stack.js';
import type { RealtimeOptions } from './options.js';
import { latencyResult, percentile, type RealtimeResult } from './results.js';

/** What an action may take beyond the bare HTTP call, made one after the other. */
const MOST_OVERHEAD_MS = { p50: 30, p95: 60 };
const WARM_UP_CALLS = 50;
const PARALLEL = [1, 8, 32] as const;

type Call = (reference: string) => Promise<void>;

/**
 * A payment at the demo shop, by the action of its connector and by the bare call, in turn where calls are made one after the other. Without other load: what an
 * action costs, not what a machine bears.
 */
export async function actionCases(
  { stack, rest }: Bench,
  { calls }: RealtimeOptions,
  say: (line: string) => void,
): Promise<RealtimeResult[]> {
  const config = { base_url: stack.shopUrl, api_key: stack.shopApiKey };
  const { id } = await rest.post<{ id: string }>('/v1/connections', {
    ...{ name: 'paying', connector: 'demo-payments', config },
    // Without declared limits the account would begin carefully, and calls wait for each other.
    budget: { limits: [{ kind: 'concurrency', max: 64 }] },
  });
  const pool = new Pool(stack.apiUrl, { connections: 64 });
  const shop = new Pool(stack.shopUrl ?? '', { connections: 64 });
  const action = post(pool, `/v1/connections/${id}/actions/create_payment`, stack.apiKey, (body) => ({ input: body }));
  const bare = post(shop, '/payments', stack.shopApiKey ?? '', (body) => body);
  try {
    await times(WARM_UP_CALLS, 1, 'warm', action);
    await times(WARM_UP_CALLS, 1, 'warm bare', bare);
    const results: RealtimeResult[] = [];
    for (const parallel of PARALLEL) {
      say(`actions: ${calls} calls, ${parallel} at once`);
      results.push(parallel === 1 ? await oneByOne(calls, action, bare) : await atOnce(calls, parallel, action));
    }
    return results;
  } finally {
    await Promise.all([pool.close(), shop.close()]);
  }
}

async function oneByOne(calls: number, action: Call, bare: Call): Promise<RealtimeResult> {
  const [with_, without]: [number[], number[]] = [[], []];
  const begun = performance.now();
  for (let index = 0; index < calls; index++) {
    with_.push(await timed(() => action(`one ${index}`)));
    without.push(await timed(() => bare(`bare ${index}`)));
  }
  const seconds = (performance.now() - begun - without.reduce((sum, ms) => sum + ms, 0)) / 1_000;
  const over = (percent: number): number => Number((percentileOf(with_, percent) - percentileOf(without, percent)).toFixed(1));
  const overhead = { p50: over(50), p95: over(95) };
  const problems = (['p50', 'p95'] as const).flatMap((which) =>
    overhead[which] <= MOST_OVERHEAD_MS[which]
      ? []
      : [`the overhead is ${overhead[which]} ms at ${which}, more than ${MOST_OVERHEAD_MS[which]}`],
  );
  const facts = {
    bare_p50: Number(percentileOf(without, 50).toFixed(1)),
    overhead_p50: overhead.p50,
    overhead_p95: overhead.p95,
  };
  return latencyResult({ case: 'action-1', latencies: with_, seconds, facts, problems });
}

async function atOnce(calls: number, parallel: number, action: Call): Promise<RealtimeResult> {
  const begun = performance.now();
  const latencies = await times(calls, parallel, `at once ${parallel}`, action);
  const seconds = (performance.now() - begun) / 1_000;
  return latencyResult({ case: `action-${parallel}`, latencies, seconds, facts: {}, problems: [] });
}

/** So many calls, `parallel` under way at a time; how long each took. */
async function times(calls: number, parallel: number, name: string, call: Call): Promise<number[]> {
  const latencies: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < calls) {
      const index = next++;
      latencies.push(await timed(() => call(`${name} ${index}`)));
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return latencies;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const percentileOf = (values: readonly number[], percent: number): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    percent,
  );

/** A call that fails ends the suite: it has no latency. */
function post(pool: Pool, path: string, key: string, wrap: (body: object) => object): Call {
  return async (reference) => {
    const body = JSON.stringify(wrap({ reference, amount: 12.5, currency: 'EUR' }));
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
      'idempotency-key': reference.replaceAll(' ', '-'),
      prefer: 'wait=60',
    };
    const answer = await pool.request({ method: 'POST', path, body, headers });
    const text = await answer.body.text();
    if (answer.statusCode >= 202) throw new Error(`${path} was answered ${answer.statusCode}: ${text}`);
  };
}
