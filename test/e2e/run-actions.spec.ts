import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createDemoSync } from '../../apps/demo/demo-sync.js';
import { RestClient } from '../../apps/demo/rest-client.js';
import { ShopClient } from '../../apps/demo/shop-client.js';
import type { RunView } from '../../libs/contracts/run.schema.js';
import { startStack, type Stack } from '../../libs/stack/index.js';

const ROWS = 20_000;
let stack: Stack;
let rest: RestClient;
let shop: ShopClient;

beforeAll(async () => {
  stack = await startStack({
    home: `.sluice/run-actions-${process.pid}`,
    demoShop: { args: ['--events', String(ROWS), '--pace', '5000'] },
    env: { SLUICE_CHUNK_MS: '200' },
  });
  rest = new RestClient(stack.apiUrl, stack.apiKey);
  shop = new ShopClient(stack.shopUrl, stack.shopAdminToken);
});
afterAll(() => stack?.destroy());

async function until(runId: string, is: (run: RunView) => boolean): Promise<RunView> {
  for (const end = Date.now() + 60_000; ; await delay(50)) {
    const run = await rest.get<RunView>(`/v1/runs/${runId}`);
    if (is(run)) return run;
    if (Date.now() > end) throw new Error(`the run is ${run.state} with ${run.counts.loaded} rows`);
  }
}

const requests = async (): Promise<number> => (await shop.stats()).totals.requests;

it('a run is paused, makes no call while it is, stays so when asked twice, is resumed, and loads everything once', async () => {
  const { syncId, table } = await createDemoSync(rest, stack);
  const { id } = await rest.post<{ id: string }>(`/v1/syncs/${syncId}/runs`);
  await until(id, ({ counts }) => counts.loaded > 0);

  await rest.post(`/v1/runs/${id}:pause`);
  const paused = await until(id, ({ state }) => state === 'paused');
  expect(paused.counts.loaded).toBeLessThan(ROWS);
  expect(await rest.post(`/v1/runs/${id}:pause`)).toMatchObject({ state: 'paused' });
  const before = await requests();
  await delay(1_000); // what is being shown is that in this time nothing happens
  expect(await requests()).toBe(before);

  await rest.post(`/v1/runs/${id}:resume`);
  expect(await until(id, ({ finished_at }) => finished_at !== null)).toMatchObject({
    state: 'succeeded',
    counts: { read: ROWS },
  });
  await expect(rest.post(`/v1/runs/${id}:resume`)).rejects.toThrow(/RUN_NOT_ACTIVE|409/);

  const warehouse = new pg.Client({ connectionString: stack.warehouseUrl });
  await warehouse.connect();
  const { rows } = await warehouse.query(`SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM public.${table}`);
  await warehouse.end();
  expect(rows).toEqual([{ rows: ROWS, ids: ROWS }]);
});
