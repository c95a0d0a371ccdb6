import { setTimeout as sleep } from 'node:timers/promises';
import type { RunView } from '../../libs/contracts/run.schema.js';
import type { Stack } from '../../libs/stack/index.js';
import { compareTable } from './compare-table.js';
import type { DemoOptions } from './options.js';
import type { Progress } from './progress.js';
import type { DemoResult } from './report.js';
import { RestClient } from './rest-client.js';
import { createDemoSync } from './demo-sync.js';
import { recordsById, ShopClient } from './shop-client.js';

export interface DemoRequest {
  stack: Stack;
  options: DemoOptions;
  bar: Progress;
}

const POLL_MS = 400;
/** A run that is not over by then is not going to be: paced 25 s, 10 s until the death of a worker is noticed, and slack for a busy machine. */
const LONGEST_RUN_MS = 300_000;

/** One sync by REST, its worker killed at about half, every row compared at the end. */
export async function runDemo({
  stack,
  options,
  bar,
}: DemoRequest): Promise<{ result: DemoResult; runId: string; syncId: string }> {
  const rest = new RestClient(stack.apiUrl, stack.apiKey);
  const shop = new ShopClient(stack.shopUrl, stack.shopAdminToken);
  const { syncId, table } = await createDemoSync(rest, stack);
  bar.say(
    `\nsync ${syncId}: stream events of the demo shop, incremental_append, into warehouse table public.${table} (no unique constraint)`,
  );
  bar.say(`the shop hands out ${options.pace.toLocaleString('en-US')} rows a second, so that there is something to watch`);
  await shop.reset();

  const started = performance.now();
  const { id: runId } = await rest.post<{ id: string }>(`/v1/syncs/${syncId}/runs`);
  const run = await watch({ stack, options, bar, rest, runId });
  const seconds = (performance.now() - started) / 1000;
  bar.end();
  if (run.error) bar.say(`the run failed: ${run.error.code}: ${run.error.detail ?? run.error.title} (${run.error.next})`);
  bar.say(`run ${runId} ${run.state} after ${seconds.toFixed(1)} s; comparing every row with what the shop's generator makes`);

  const { totals } = await shop.stats();
  const comparison = await compareTable({
    databaseUrl: stack.warehouseUrl,
    schema: 'public',
    table,
    expected: recordsById('events', await shop.state()),
  });
  return {
    runId,
    syncId,
    result: { comparison, requests: totals.requests, repeated: totals.repeated, seconds, runState: run.state },
  };
}

/** Shows the progress, kills the worker once at about half, and returns the run when it is over. */
async function watch({ stack, options, bar, rest, runId }: DemoRequest & { rest: RestClient; runId: string }): Promise<RunView> {
  const deadline = performance.now() + LONGEST_RUN_MS;
  let killed = false;
  let note = '';
  for (;;) {
    const run = await rest.get<RunView>(`/v1/runs/${runId}`);
    if (run.finished_at !== null) return run;
    if (performance.now() > deadline) throw new Error(`run ${runId} is still ${run.state} after ${LONGEST_RUN_MS / 1000} s`);
    const rows = run.counts.read;
    bar.show(rows, options.rows, note || run.state);
    if (!killed && rows >= options.rows * 0.45) {
      killed = true;
      const { pid } = stack.service('worker-1');
      stack.kill('worker-1', 'SIGKILL');
      bar.say(`kill -9 ${pid}: the worker is dead at ${rows.toLocaleString('en-US')} rows; starting another`);
      await stack.restart('worker-1');
      bar.say(
        `worker ${stack.service('worker-1').pid} is up; it goes on when Temporal has missed the dead one's heartbeat (10 s)`,
      );
      note = 'after the kill';
    }
    await sleep(POLL_MS);
  }
}
