import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../support/api-client.js';
import { startApp, type AppProcess } from '../support/app-process.js';
import { RunWorld } from '../support/runs/run-world.js';
import { eventually } from '../support/eventually.js';

const KEY = 'shop-key';
const ADMIN = 'boss';
const SIZES = ['--customers', '40', '--orders', '4000', '--order-items', '1000', '--products', '1', '--events', '1'];

let shop: AppProcess;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let connection: string;

beforeAll(async () => {
  shop = await startApp('demo-shop', { args: [...SIZES, '--api-key', KEY, '--admin-token', ADMIN] });
  world = await RunWorld.create();
  const allowed = world.allowing(new URL(shop.address).host);
  ({ api, client } = await world.startApi(allowed));
  // As long as they are by default: between two windows a mover is away for longer than a call takes.
  const worker = { ...allowed, SLUICE_WINDOW_MS: '60000' };
  await world.startWorker(worker);
  await world.startWorker(worker);
  connection = await client.created('/v1/connections', {
    ...{ name: 'shop', connector: 'demo-shop', config: { base_url: shop.address, api_key: KEY, page_size: 10 } },
    budget: { limits: [{ kind: 'rate', points: 12, period_seconds: 1, burst: 10 }] },
  });
}, 120_000);
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await shop?.stop();
});

let syncs = 0;
const syncOf = (stream: string, weight: number) =>
  client.created('/v1/syncs', {
    ...{ name: `${stream} ${++syncs}`, source_id: connection, destination_id: world.destinationId, weight },
    streams: [{ name: stream, mode: 'full_refresh_overwrite', table: `${stream}_${syncs}` }],
  });
async function start(sync: string): Promise<string> {
  const run = await client.post(`/v1/syncs/${sync}/runs`);
  expect(run.status).toBe(202);
  return run.body.id ?? '';
}
const cancelled = async (run: string) => {
  await client.post(`/v1/runs/${run}:cancel`);
  await world.until(run, ({ finishedAt }) => finishedAt !== null, 60_000);
};
/** Calls that the shop answered, by what was asked for. */
async function asked(): Promise<Record<string, number>> {
  const answer = await fetch(`${shop.address}/shop/_stats`, { headers: { 'x-api-key': KEY, 'x-admin-token': ADMIN } });
  const { entities } = (await answer.json()) as { entities: Record<string, { requests: number }> };
  return Object.fromEntries(Object.entries(entities).map(([entity, { requests }]) => [entity, requests]));
}
async function budget(wanted: (view: Budget) => boolean): Promise<Budget> {
  const look = async () => {
    const [known] = (await client.get('/v1/budgets')).body.data;
    return known && ((await client.get(`/v1/budgets/${String(known.id)}`)).body as unknown as Budget);
  };
  const found = await eventually(look, (view) => view !== undefined && wanted(view), { withinMs: 30_000, everyMs: 100 });
  return found as Budget;
}
interface Budget {
  limits: { used: number; full_at: string | null }[];
  waiting: { run_id: string; weight: number; calls: number }[];
  forecasts: {
    run_id: string;
    basis: string;
    calls_left: number | null;
    seconds_left: number | null;
    pace: string;
    calls_per_second: number;
    streams: { slices_done: number; slices_left: number; calls_made: number }[];
  }[];
}

describe('a budget that two workers share', () => {
  it('gives syncs of weight 3 and 1 three calls and one, and no action waits behind them', async () => {
    const heavy = await start(await syncOf('orders', 3));
    const light = await start(await syncOf('order_items', 1));
    const view = await budget(({ waiting }) => [heavy, light].every((run) => waiting.some(({ run_id: id }) => id === run)));
    expect(view.waiting.map(({ run_id: id, weight }) => [id, weight]).sort()).toEqual(
      [
        [heavy, 3],
        [light, 1],
      ].sort(),
    );
    expect(view.limits[0]?.full_at).not.toBeNull();
    for (const [run, share] of [
      [heavy, 9],
      [light, 3],
    ] as const) {
      const forecast = view.forecasts.find(({ run_id: id }) => id === run);
      // Nothing is known yet of how far one slice goes.
      expect(forecast).toMatchObject({ basis: 'unknown', calls_left: null, seconds_left: null });
      expect(forecast?.calls_per_second).toBeLessThanOrEqual(share);
    }
    const before = await asked();
    const since = (counts: Record<string, number>, entity: string) => (counts[entity] ?? 0) - (before[entity] ?? 0);
    let after = before;
    const sale = { id: 'none', status: 'paid' };
    let acted = 0;
    while (since(after, 'orders') + since(after, 'order_items') < 120) {
      // Of a sale that is not there: the shop refuses it, which is an answer.
      await client.post(`/v1/connections/${connection}/actions/set_sale_status`, { input: sale }, { prefer: 'wait=10' });
      acted++;
      await delay(200);
      after = await asked();
    }
    const ratio = since(after, 'orders') / since(after, 'order_items');
    expect(ratio).toBeGreaterThan(2.7);
    expect(ratio).toBeLessThan(3.3);
    expect(acted).toBeGreaterThan(5);
    await Promise.all([cancelled(heavy), cancelled(light)]);
    const usage = async () =>
      (await client.get(`/v1/usage?connection=${connection}&group_by=operation&operation=set_sale_status`)).body.data[0];
    const counted = await eventually(usage, (found) => found?.['calls'] === acted, { withinMs: 15_000, everyMs: 200 });
    expect(counted).toMatchObject({ held: 0 });
    // Of the time that one point takes, for asking the database: who waited behind syncs would wait for several.
    expect(Number(counted?.['throttled_seconds']) / acted).toBeLessThan(0.05);
  }, 120_000);

  it('forecasts a run by its own slices, or by earlier runs before it has finished any', async () => {
    const bySlices = await start(await syncOf('customer_orders', 1));
    const measured = await budget(({ forecasts }) => (forecasts[0]?.streams[0]?.slices_done ?? 0) > 7);
    const [forecast] = measured.forecasts;
    const [stream] = forecast?.streams ?? [];
    expect(forecast).toMatchObject({ run_id: bySlices, basis: 'this_run' });
    // Forty customers with a hundred orders each: ten pages of ten a customer. Calls are shown two seconds late.
    const total = (forecast?.calls_left ?? 0) + (stream?.calls_made ?? 0);
    expect(total).toBeGreaterThan(200);
    expect(total).toBeLessThan(700);
    expect(forecast?.seconds_left).toBeGreaterThanOrEqual(Math.floor((forecast?.calls_left ?? 0) / 12));
    await cancelled(bySlices);

    const items = await syncOf('order_items', 1);
    await world.until(await start(items), ({ state }) => state === 'succeeded', 60_000);
    expect((await client.get(`/v1/syncs/${items}/forecast`)).body).toMatchObject({
      calls: 100,
      runs: [{ calls: 100 }],
      excludes: [],
    });
    const again = await start(items);
    const view = await budget(({ forecasts }) => forecasts.some(({ run_id: id, streams }) => id === again && streams.length > 0));
    expect(view.forecasts[0]).toMatchObject({ run_id: again, basis: 'earlier_runs' });
    const [{ calls_left: left, streams }] = view.forecasts as [Budget['forecasts'][number]];
    // A thousand records in pages of ten.
    expect((left ?? 0) + (streams[0]?.calls_made ?? 0)).toBe(100);
    await cancelled(again);
  }, 120_000);

  it('answers 404 for one that is not there', async () => {
    expect(await client.get('/v1/budgets/11111111-1111-4111-8111-111111111111')).toMatchObject({ status: 404 });
  });
});
