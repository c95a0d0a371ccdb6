import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  createPool,
  getDefaultWorkspaceId,
  insertRun,
  insertRunStreams,
  setRunStreamCounts,
  type Pool,
} from '../../libs/store/index.js';
import { ApiClient } from '../support/api-client.js';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

const COUNTED = [
  'read',
  'inserted',
  'updated',
  'unchanged',
  'superseded',
  'deduplicated',
  'deleted',
  'filtered',
  'quarantined',
  'discarded',
  'removed',
  'bytes',
  'chunks',
] as const;
const NO_COUNTS = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<(typeof COUNTED)[number], number>;
/** One call in 36 s: what a test does in its time changes nothing. A fifth of the burst is kept for actions. */
const SLOW = { kind: 'rate', name: 'hourly', points: 100, period_seconds: 3_600, burst: 100 };

const CLI = resolve(import.meta.dirname, '../../bin/sluice');

let world: ApiWorld;
let pool: Pool;
let workspaceId: string;
let connection: string;
let warehouse: string;

beforeAll(async () => {
  world = await startApiWorld();
  pool = createPool(world.database.url);
  workspaceId = await getDefaultWorkspaceId(pool);
  connection = await connect('shop', 'demo-shop', world.shopConfig, { limits: [SLOW] });
  warehouse = await connect('warehouse', 'postgres', world.warehouseConfig);
});
afterAll(async () => {
  await pool?.end();
  await world?.stop();
});

const connect = (name: string, connector: string, config: object, budget?: object) =>
  world.client.created('/v1/connections', { name, connector, config, ...(budget === undefined ? {} : { budget }) });
let syncs = 0;
const syncOf = (source: string, streams: object[], weight = 1) =>
  world.client.created('/v1/syncs', { name: `sync ${++syncs}`, source_id: source, destination_id: warehouse, weight, streams });
const stream = (name: string, mode: string) => ({ name, mode, table: `${name}_${syncs}` });
const forecast = (sync: string) => world.client.get(`/v1/syncs/${sync}/forecast`);

/** A run as a worker leaves it; without `seconds` it is not over. */
async function ran(sync: string, calls: Record<string, number>, seconds?: number): Promise<string> {
  const id = crypto.randomUUID();
  const run = {
    id,
    workspaceId,
    syncId: sync,
    lane: 'live',
    trigger: 'api',
    workflowId: id,
    scheduledFor: null,
    resets: [],
  } as const;
  await insertRun(pool, run);
  await insertRunStreams(pool, { runId: id, streams: Object.keys(calls) });
  for (const [name, made] of Object.entries(calls))
    await setRunStreamCounts(pool, { runId: id, stream: name, counts: NO_COUNTS, at: new Date(), calls: made });
  const state = seconds === undefined ? 'running' : 'succeeded';
  await pool.query(
    `UPDATE control.run SET state = $2, started_at = now() - $3 * interval '1 second', finished_at = CASE WHEN $2 = 'succeeded' THEN now() END WHERE id = $1`,
    [id, state, seconds ?? 0],
  );
  return id;
}

test('without a run to learn from it invents no number, and says what the budget allows', async () => {
  const sync = await syncOf(connection, [stream('orders', 'incremental_append')]);
  const { status, body } = await forecast(sync);
  expect(status).toBe(200);
  expect(body).toEqual({
    ...{ sync_id: sync, connection_id: connection, calls: null, calls_least: null, calls_most: null, basis: 'unknown' },
    ...{ seconds: null, finishes_at: null, pace: null, excludes: [], active_run_id: null, runs: [] },
    streams: [
      { stream: 'orders', loads_anew: true, calls: null, calls_least: null, calls_most: null, runs: 0, basis: 'unknown' },
    ],
    budget: {
      ...{ id: null, host: new URL(world.shop.address).host, blocked_until: null, weight: 1, shared_with: [] },
      limits: [{ ...limitOf(0), full_at: null }],
      ...{ calls_per_second: 0.028, calls_at_once: 80 },
    },
  });
});

const limitOf = (used: number) => ({
  ...{ kind: 'rate', name: 'hourly', allowed: 100, used, remaining: 100 - used, points: 100, period_seconds: 3_600 },
});

test('runs that did the same are learnt from, within what is used, shared and blocked of the budget', async () => {
  const sync = await syncOf(connection, [stream('orders', 'incremental_append'), stream('products', 'full_refresh_overwrite')]);
  await ran(sync, { orders: 900, products: 10 }, 600);
  for (const calls of [180, 170, 300]) await ran(sync, { orders: calls, products: 10 }, 30);

  // Calls that were made for somebody else, of the same account.
  const used = async () => (await forecast(sync)).body as unknown as Forecast;
  expect((await world.client.post(`/v1/connections/${connection}:check`)).status).toBe(200);
  const alone = await used();
  const [limit] = alone.budget.limits;
  const spent = limit?.used ?? 0;
  expect(spent).toBeGreaterThan(0);
  expect(alone).toMatchObject({
    ...{ calls: 190, calls_least: 180, calls_most: 310, basis: 'earlier_runs', pace: 'budget', active_run_id: null },
    streams: [
      { stream: 'orders', loads_anew: false, calls: 180, calls_least: 170, calls_most: 300, runs: 3 },
      { stream: 'products', loads_anew: true, calls: 10, runs: 4 },
    ],
    budget: { id: expect.any(String), calls_at_once: 80 - spent },
  });
  expect(alone.runs.map(({ calls, seconds }) => [calls, seconds])).toEqual([
    [310, 30],
    [180, 30],
    [190, 30],
  ]);
  // All that is not there now comes one call in 36 s.
  expect(alone.seconds).toBeGreaterThan((190 - (80 - spent) - 1) * 36);
  expect(alone.seconds).toBeLessThanOrEqual((190 - (80 - spent)) * 36);

  const other = await syncOf(connection, [stream('customers', 'full_refresh_overwrite')], 3);
  const run = await ran(other, { customers: 1 });
  const shared = await used();
  expect(shared.budget).toMatchObject({
    shared_with: [{ sync_id: other, run_id: run, weight: 3 }],
    ...{ calls_per_second: 0.007, calls_at_once: Math.floor((80 - spent) / 4) },
  });
  expect(shared.seconds).toBeGreaterThan((190 - (80 - spent) / 4 - 1) * 36 * 4);
  expect(shared.seconds).toBeLessThanOrEqual((190 - (80 - spent) / 4 + 1) * 36 * 4);

  await pool.query(`UPDATE control.budget SET blocked_until = now() + interval '1 hour' WHERE id = $1`, [alone.budget.id]);
  const blocked = await used();
  expect(blocked.budget).toMatchObject({ blocked_until: expect.any(String), calls_at_once: 0 });
  expect(blocked.seconds).toBeGreaterThan(189 * 36 * 4);
  await pool.query('UPDATE control.budget SET blocked_until = NULL WHERE id = $1', [alone.budget.id]);
  await pool.query(`UPDATE control.run SET state = 'cancelled' WHERE id = $1`, [run]);

  const own = await ran(sync, { orders: 1, products: 0 });
  expect(await used()).toMatchObject({ active_run_id: own, calls: 190, budget: { shared_with: [] } });
  await pool.query(`UPDATE control.run SET state = 'cancelled' WHERE id = $1`, [own]);
  await world.client.patch(`/v1/syncs/${sync}`, { reset: ['orders'] });
  // Only the first run loaded it from the beginning.
  expect(await used()).toMatchObject({
    streams: [{ loads_anew: true, calls: 900, runs: 1 }, {}],
    runs: [{ calls: 910, seconds: 600 }],
  });
});

interface Forecast {
  calls: number;
  seconds: number;
  runs: { calls: number; seconds: number }[];
  budget: { id: string; limits: { used: number }[]; calls_at_once: number };
}

test('a source without limits is as fast as it was', async () => {
  await pool.query('CREATE TABLE public.things (id int PRIMARY KEY)');
  const database = await connect('database', 'postgres-source', world.warehouseConfig);
  const sync = await syncOf(database, [{ name: 'things', mode: 'full_refresh_overwrite', table: 'things_copy' }]);
  expect((await forecast(sync)).body).toMatchObject({
    calls: null,
    seconds: null,
    budget: { id: null, limits: [], calls_at_once: null },
  });
  await ran(sync, { things: 2 }, 12.5);
  expect((await forecast(sync)).body).toMatchObject({
    ...{ calls: 2, seconds: 13, pace: 'measured', runs: [{ calls: 2, seconds: 12.5 }] },
    budget: { calls_per_second: null },
  });
});

test('the command line says it in words', async () => {
  const sync = await syncOf(connection, [stream('orders', 'full_refresh_overwrite')]);
  await ran(sync, { orders: 5 }, 3);
  const cli = async (...args: string[]) => {
    const key = world.env['SLUICE_BOOTSTRAP_API_KEY'];
    const child = spawn(CLI, ['forecast', ...args, '--url', world.api.address], {
      env: { ...process.env, SLUICE_API_KEY: key },
    });
    return (await Promise.all([text(child.stdout), text(child.stderr)])).join('');
  };
  const said = await cli(sync);
  for (const words of ['calls: 5\n', 'time: 3 s (as earlier runs took)', 'founded on 1 run', 'rate hourly'])
    expect(said).toContain(words);
  expect(JSON.parse(await cli(sync, '--json'))).toMatchObject({ sync_id: sync, calls: 5 });
  expect(await cli(crypto.randomUUID())).toContain('NOT_FOUND');
});

test('bad requests are answered with what is wrong', async () => {
  expect(await forecast('11111111-1111-4111-8111-111111111111')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  expect(await forecast('shop')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  const sync = await syncOf(connection, [stream('orders', 'full_refresh_overwrite')]);
  const { body } = await world.client.post('/v1/api-keys', { name: 'caller', scopes: ['call'] });
  const caller = new ApiClient(world.api.address, String(body['key']));
  expect(await caller.get(`/v1/syncs/${sync}/forecast`)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
  await pool.query(`UPDATE control.connection SET config = '{}' WHERE id = $1`, [connection]);
  expect(await forecast(sync)).toMatchObject({ status: 422, body: { code: 'CONFIG_INVALID' } });
});
