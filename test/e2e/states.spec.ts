import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { RestClient, RestError } from '../../apps/demo/rest-client.js';
import type { RunView } from '../../libs/contracts/run.schema.js';
import { startStack, type Stack } from '../../libs/stack/index.js';
import { ApiClient } from '../support/api-client.js';

/** Four records share each minute from 2020-01-01 on: the last of 2,000 is of 08:19. */
const ROWS = 2_000;
const LAST = '2020-01-01T08:19:00Z';
/** 100 minutes before the end of what there is, this minute included: 4 × 101 records. */
const FROM = '2020-01-01T06:39:00Z';
const FROM_ROWS = 404;
let stack: Stack;
let rest: RestClient;
let raw: ApiClient;
let warehouse: pg.Client;

interface StateView {
  name: string;
  version: number;
  origin: string | null;
  run_id: string | null;
  state: { stream: { stream_state: Record<string, unknown> } } | null;
}

beforeAll(async () => {
  stack = await startStack({
    home: `.sluice/states-${process.pid}`,
    demoShop: {
      args: ['--orders', String(ROWS), '--products', '50', '--customers', '50', '--events', '50', '--order-items', '50'],
    },
    env: { SLUICE_CHUNK_ROWS: '200', SLUICE_CHUNK_MS: '200' },
  });
  rest = new RestClient(stack.apiUrl, stack.apiKey);
  raw = new ApiClient(stack.apiUrl, stack.apiKey);
  warehouse = new pg.Client({ connectionString: stack.warehouseUrl });
  await warehouse.connect();
});
afterAll(async () => {
  await warehouse?.end();
  await stack?.destroy();
});

let made = 0;
async function newSync(streams: readonly { name: string; mode: string }[]): Promise<string> {
  const n = ++made;
  const at = new URL(stack.warehouseUrl);
  const connect = async (name: string, connector: string, config: object) =>
    (await rest.post<{ id: string }>('/v1/connections', { name: `${name} ${n}`, connector, config })).id;
  const source_id = await connect('shop', 'demo-shop', { base_url: stack.shopUrl, api_key: stack.shopApiKey, page_size: 100 });
  const destination_id = await connect('warehouse', 'postgres', {
    ...{ host: at.hostname, port: Number(at.port), database: at.pathname.slice(1) },
    ...{ user: decodeURIComponent(at.username), password: decodeURIComponent(at.password) },
  });
  const tables = streams.map((stream) => ({ ...stream, table: `${stream.name}_${n}` }));
  return (await rest.post<{ id: string }>('/v1/syncs', { name: `sync ${n}`, source_id, destination_id, streams: tables })).id;
}

async function ended(runId: string): Promise<RunView> {
  for (const end = Date.now() + 60_000; ; await delay(50)) {
    const run = await rest.get<RunView>(`/v1/runs/${runId}`);
    if (run.finished_at !== null) return run;
    if (Date.now() > end) throw new Error(`the run is ${run.state}`);
  }
}
const start = async (sync: string, body?: object) => (await rest.post<{ id: string }>(`/v1/syncs/${sync}/runs`, body)).id;
async function run(sync: string, body?: object): Promise<RunView> {
  const whole = await ended(await start(sync, body));
  expect(whole).toMatchObject({ state: 'succeeded', error: null });
  return whole;
}
const states = async (sync: string): Promise<Record<string, StateView>> =>
  Object.fromEntries(
    (await rest.get<{ streams: StateView[] }>(`/v1/syncs/${sync}/state`)).streams.map((stream) => [stream.name, stream]),
  );
const airbyte = (name: string, stream_state: object) => ({
  type: 'STREAM',
  stream: { stream_descriptor: { name }, stream_state },
});

describe('states by hand', () => {
  it('shows what lies at the destination, and takes back what it showed', async () => {
    const sync = await newSync([{ name: 'orders', mode: 'incremental_upsert' }]);
    expect((await states(sync))['orders']).toMatchObject({ version: 0, state: null, origin: null, run_id: null });
    const { id } = await run(sync);
    const { orders } = await states(sync);
    expect(orders).toMatchObject({ origin: 'run', run_id: id, state: airbyte('orders', { updated_at: LAST }) });
    const body = { streams: [{ name: 'orders', version: orders?.version, state: orders?.state }] };
    await rest.request('PUT', `/v1/syncs/${sync}/state`, body);
    expect((await states(sync))['orders']).toMatchObject({ version: (orders?.version ?? 0) + 1, state: orders?.state });
  });

  it('keeps every digit, and reads from what was set', async () => {
    const sync = await newSync([{ name: 'orders', mode: 'incremental_upsert' }]);
    const text = `{"streams":[{"name":"orders","version":0,"state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"updated_at":"${FROM}","seen":12345678901234567890.0123456789,"id":9007199254740993}}}}]}`;
    const put = await raw.call('PUT', `/v1/syncs/${sync}/state`, text);
    expect(put).toMatchObject({ status: 200 });
    const got = await raw.get(`/v1/syncs/${sync}/state`);
    for (const digits of ['12345678901234567890.0123456789', '9007199254740993']) expect(got.text).toContain(digits);
    expect((await run(sync)).counts.read).toBe(FROM_ROWS);
    const after = await raw.get(`/v1/syncs/${sync}/state`);
    for (const digits of ['12345678901234567890.0123456789', '9007199254740993', LAST]) expect(after.text).toContain(digits);
  });

  it('refuses what is old, wrong, of no stream, or in the way of a run', async () => {
    const sync = await newSync([
      { name: 'orders', mode: 'incremental_upsert' },
      { name: 'products', mode: 'incremental_upsert' },
    ]);
    await run(sync);
    const before = await states(sync);
    const put = (streams: readonly object[]) => raw.call('PUT', `/v1/syncs/${sync}/state`, { streams });
    const version = (name: string) => before[name]?.version ?? 0;
    const good = { name: 'products', version: version('products'), state: null };
    const old = await put([good, { name: 'orders', version: version('orders') - 1, state: null }]);
    expect(old).toMatchObject({ status: 409, body: { code: 'VERSION_CONFLICT' } });
    const wrong = airbyte('orders', { updated_at: 'yesterday' });
    expect(await put([good, { name: 'orders', version: version('orders'), state: wrong }])).toMatchObject({
      status: 422,
      body: { code: 'STATE_INVALID', errors: [{ path: '/streams/1/state/stream/stream_state/updated_at' }] },
    });
    expect(await put([{ name: 'nope', version: 0, state: null }])).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/streams/0/name', allowed: ['orders', 'products'] }] },
    });
    expect(await states(sync)).toEqual(before); // all or none
    await fetch(new URL('/shop/_admin/settings', stack.shopUrl), {
      method: 'PUT',
      headers: { 'x-admin-token': stack.shopAdminToken, 'content-type': 'application/json' },
      body: JSON.stringify({ pace: 100 }),
    });
    const active = await start(sync, { reset: ['orders'] });
    expect(await put([good])).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE', run: expect.stringContaining(active) } });
    await rest.post(`/v1/runs/${active}:cancel`);
    await ended(active);
    await fetch(new URL('/shop/_admin/settings', stack.shopUrl), {
      method: 'PUT',
      headers: { 'x-admin-token': stack.shopAdminToken, 'content-type': 'application/json' },
      body: JSON.stringify({ pace: 0 }),
    });
  });

  it('keeps what a stream’s state was, goes back to it, and reads again from a time', async () => {
    const sync = await newSync([{ name: 'orders', mode: 'incremental_upsert' }]);
    await run(sync);
    const first = (await states(sync))['orders'];
    await rest.request('PUT', `/v1/syncs/${sync}/state`, {
      streams: [{ name: 'orders', version: first?.version, state: null }],
    });
    const emptied = (await states(sync))['orders'];
    const history = await rest.get<{ data: StateView[] }>(`/v1/syncs/${sync}/state/history?stream=orders`);
    expect(history.data[0]).toMatchObject({ origin: 'set', state: null, version: emptied?.version });
    const kept = history.data.find(({ state }) => state !== null);
    expect(kept).toMatchObject({ origin: 'run', state: first?.state });
    await rest.post(`/v1/syncs/${sync}/state:restore`, { stream: 'orders', restore: kept?.version, version: emptied?.version });
    const restored = (await states(sync))['orders'];
    expect(restored).toMatchObject({ origin: 'restored', state: first?.state });
    expect((await run(sync)).counts.read).toBe(4); // the last minute, which is read inclusively

    const { orders } = await states(sync);
    const replay = { streams: [{ name: 'orders', version: orders?.version }], from: '2020-01-01T06:39:00+00:00' };
    await rest.post(`/v1/syncs/${sync}/state:replay`, replay);
    expect((await states(sync))['orders']).toMatchObject({ origin: 'replayed', state: airbyte('orders', { updated_at: FROM }) });
    expect((await run(sync)).counts).toMatchObject({ read: FROM_ROWS, details: { unchanged: FROM_ROWS } });
    const refused = rest.post(`/v1/syncs/${sync}/state:restore`, { stream: 'orders', restore: 10_000, version: 1 });
    await expect(refused).rejects.toBeInstanceOf(RestError);
  });
});

/** What the table has, by id; orders that the shop has changed have revision 1. */
async function rows(table: string): Promise<{ rows: number; ids: number; revised: number }> {
  const found = await warehouse.query<{ rows: number; ids: number; revised: number }>(
    `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids, count(*) FILTER (WHERE revision > 0)::int AS revised FROM public."${table}"`,
  );
  return found.rows[0] ?? { rows: 0, ids: 0, revised: 0 };
}
const settings = (body: object) =>
  fetch(new URL('/shop/_admin/settings', stack.shopUrl), {
    method: 'PUT',
    headers: { 'x-admin-token': stack.shopAdminToken, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('a backfill', () => {
  it('runs beside the live run over the same keys, survives a kill, and leaves the live state alone', async () => {
    const sync = await newSync([
      { name: 'orders', mode: 'incremental_upsert' },
      { name: 'products', mode: 'incremental_append' },
    ]);
    await run(sync);
    const table = `orders_${made}`;
    await warehouse.query(`DELETE FROM public."${table}" WHERE id % 3 = 0`);
    const { orders } = await states(sync);
    await settings({ pace: 1_500 });
    // Everything is read again in both lanes at once: by a replay in the live one.
    await rest.post(`/v1/syncs/${sync}/state:replay`, {
      streams: [{ name: 'orders', version: orders?.version }],
      from: '2020-01-01T00:00:00Z',
    });
    const live = await start(sync);
    const backfill = await rest.post<{ id: string; lane: string }>(`/v1/syncs/${sync}/backfills`, {
      streams: ['orders'],
      from: '2020-01-01T00:00:00Z',
      to: FROM,
    });
    for (const id of [live, backfill.id])
      for (const end = Date.now() + 30_000; Date.now() < end; await delay(20))
        if ((await rest.get<RunView>(`/v1/runs/${id}`)).counts.read > 0) break;
    stack.kill('worker-1', 'SIGKILL');
    await stack.restart('worker-1');
    await settings({ pace: 0 });
    const [ofLive, ofBackfill] = [await ended(live), await ended(backfill.id)];
    expect(ofLive).toMatchObject({ state: 'succeeded', lane: 'live' });
    expect(ofBackfill).toMatchObject({ state: 'succeeded', lane: backfill.lane, streams: [{ name: 'orders' }] });
    // What lies before FROM, and its minute: the shop's cursor has no granularity. Nothing of what comes after it.
    expect(ofBackfill.counts.read).toBe(ROWS - FROM_ROWS + 4);
    expect(await rows(table)).toEqual({ rows: ROWS, ids: ROWS, revised: 0 });
    expect((await states(sync))['orders']?.state).toEqual(airbyte('orders', { updated_at: LAST }));
    const verified = await rest.post<{ id: string }>(`/v1/syncs/${sync}:verify`, { streams: ['orders'], source: true });
    for (;;) {
      const seen = await rest.get<{ state: string; streams: { found: object }[] }>(`/v1/verifications/${verified.id}`);
      // The rows that were deleted by hand are known to the ledger; every row is right again.
      if (seen.state !== 'running') {
        expect(seen).toMatchObject({ state: 'succeeded', streams: [{ found: { row_count: 1 } }] });
        break;
      }
      await delay(50);
    }
  });

  it('is refused where it is not safe, and ended where the live lane loads the table anew', async () => {
    const sync = await newSync([
      { name: 'orders', mode: 'incremental_upsert' },
      { name: 'products', mode: 'incremental_append' },
    ]);
    await run(sync);
    const asked = { from: '2020-01-01T00:00:00Z', to: FROM };
    const post = (body: object) => raw.post(`/v1/syncs/${sync}/backfills`, body);
    expect(await post({ ...asked, streams: ['products'] })).toMatchObject({
      status: 422,
      body: { code: 'BACKFILL_NOT_POSSIBLE' },
    });
    expect(await post({ ...asked, streams: ['nope'] })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/streams/0' }] },
    });
    expect(await post({ streams: ['orders'], from: FROM, to: FROM })).toMatchObject({
      status: 422,
      body: { code: 'STATE_INVALID' },
    });
    await settings({ pace: 200 });
    const { id } = (await post({ ...asked, streams: ['orders'] })).body as { id: string };
    for (;;) if ((await rest.get<RunView>(`/v1/runs/${id}`)).counts.read > 0) break;
    const reset = await rest.post<{ id: string }>(`/v1/syncs/${sync}/streams/orders:reset`);
    expect(await ended(id)).toMatchObject({ state: 'failed', error: { code: 'STALE_RUN' } });
    await settings({ pace: 0 });
    expect(await ended(reset.id)).toMatchObject({ state: 'succeeded', reset: ['orders'] });
    expect(await rows(`orders_${made}`)).toEqual({ rows: ROWS, ids: ROWS, revised: 0 });
  });
});

describe('a reset of one stream', () => {
  it('loads that one anew, and the others go on from where they were', async () => {
    const sync = await newSync([
      { name: 'orders', mode: 'incremental_upsert' },
      { name: 'products', mode: 'incremental_append' },
      { name: 'customers', mode: 'incremental_upsert' },
    ]);
    await run(sync);
    const before = await states(sync);
    const versions = async (table: string) =>
      (await warehouse.query<Record<string, string>>(`SELECT id, ctid::text, xmin::text FROM public."${table}" ORDER BY id`))
        .rows;
    const others = [await versions(`products_${made}`), await versions(`customers_${made}`)];
    await warehouse.query(`INSERT INTO public."orders_${made}" (id) VALUES (999999)`);
    const { id } = await rest.post<{ id: string }>(`/v1/syncs/${sync}/streams/orders:reset`);
    const whole = await ended(id);
    expect(whole).toMatchObject({ state: 'succeeded', reset: ['orders'] });
    const read = Object.fromEntries(whole.streams.map(({ name, counts }) => [name, counts.read]));
    expect(read['orders']).toBe(ROWS);
    expect(read['products']).toBeLessThan(50);
    expect(read['customers']).toBeLessThan(50);
    expect(await rows(`orders_${made}`)).toMatchObject({ rows: ROWS });
    expect([await versions(`products_${made}`), await versions(`customers_${made}`)]).toEqual(others);
    const after = await states(sync);
    for (const name of ['products', 'customers']) expect(after[name]?.state).toEqual(before[name]?.state);
    const unknown = await raw.post(`/v1/syncs/${sync}/streams/nope:reset`);
    expect(unknown).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
  });
});
