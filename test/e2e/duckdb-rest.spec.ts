import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RestClient, RestError } from '../../apps/demo/rest-client.js';
import type { RunView } from '../../libs/contracts/run.schema.js';
import type { VerificationView } from '../../libs/contracts/verification.schema.js';
import { startStack, type Stack } from '../../libs/stack/index.js';
import { TestStream } from '../contract/destination-world.js';
import { duckdbWorld, type DuckdbWorld } from '../contract/duckdb-world.js';

const ROWS = 600;
/** A sixth of the orders. */
const REFUNDED = { field: 'status', equals: 'refunded' };
let stack: Stack;
let rest: RestClient;
let warehouse: DuckdbWorld;
let source: string;
let names = 0;

beforeAll(async () => {
  warehouse = await duckdbWorld();
  stack = await startStack({
    home: `.sluice/duckdb-${process.pid}`,
    demoShop: {
      args: ['--orders', String(ROWS), '--products', '50', '--customers', '50', '--events', '50', '--order-items', String(ROWS)],
    },
    env: { SLUICE_CHUNK_ROWS: '200', SLUICE_CHUNK_MS: '200', SLUICE_DUCKDB_DIR: warehouse.folder },
  });
  rest = new RestClient(stack.apiUrl, stack.apiKey);
  const config = { base_url: stack.shopUrl, api_key: stack.shopApiKey, page_size: 100 };
  source = (await rest.post<{ id: string }>('/v1/connections', { name: 'shop', connector: 'demo-shop', config })).id;
});
afterAll(async () => {
  await stack?.destroy();
  await warehouse?.close();
});

/** While a worker has the file, or has it for a moment longer than its last use. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 30_000; ; await delay(100))
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RestError) || error.problem['code'] !== 'DESTINATION_IN_USE' || Date.now() > end) throw error;
    }
}

async function newSync(path: string, streams: readonly object[]): Promise<string> {
  const name = `duckdb ${(names += 1)}`;
  const destination = await rest.post<{ id: string }>('/v1/connections', { name, connector: 'duckdb', config: { path } });
  const body = { name, source_id: source, destination_id: destination.id, namespace: 'public', streams };
  return (await rest.post<{ id: string }>('/v1/syncs', body)).id;
}

const start = async (sync: string): Promise<string> => (await rest.post<{ id: string }>(`/v1/syncs/${sync}/runs`)).id;
async function succeeded(runId: string): Promise<RunView> {
  for (const end = Date.now() + 90_000; ; await delay(50)) {
    const run = await rest.get<RunView>(`/v1/runs/${runId}`);
    if (run.finished_at !== null) {
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      return run;
    }
    if (Date.now() > end) throw new Error(`the run is ${run.state}`);
  }
}

async function verified(id: string): Promise<VerificationView> {
  for (const end = Date.now() + 60_000; ; await delay(50)) {
    const view = await rest.get<VerificationView>(`/v1/verifications/${id}`);
    if (view.state !== 'running') return view;
    if (Date.now() > end) throw new Error('the verification does not end');
  }
}

describe('a sync into a DuckDB file, made by REST', () => {
  it('says what the destination can', async () => {
    expect(await rest.get('/v1/connectors/duckdb')).toMatchObject({
      writers: 'one_process',
      delivery: { scd2: 'exactly_once', incremental_upsert: 'exactly_once' },
    });
    expect(await rest.get('/v1/connectors/postgres')).toMatchObject({ writers: 'many_processes' });
  });

  it('keeps histories, follows deletes, shows states, and reads again from where it is told', async () => {
    const sync = await newSync('warehouse.duckdb', [
      { name: 'orders', mode: 'scd2', table: 'history', deletes: { when: REFUNDED } },
      { name: 'order_items', mode: 'incremental_upsert', table: 'items', deletes: { missing: 'soft' } },
    ]);
    const first = await succeeded(await start(sync));
    expect(first).toMatchObject({ counts: { read: 2 * ROWS } });
    const shown = await patiently(() => rest.get<{ streams: { name: string; version: number }[] }>(`/v1/syncs/${sync}/state`));
    const orders = shown.streams.find(({ name }) => name === 'orders');
    expect(orders).toMatchObject({ origin: 'run', run_id: first.id });

    await patiently(() =>
      rest.post(`/v1/syncs/${sync}/state:replay`, {
        streams: [{ name: 'orders', version: orders?.version }],
        from: '2000-01-01T00:00:00Z',
      }),
    );
    const again = await succeeded(await start(sync));
    expect(again.streams.find(({ name }) => name === 'orders')).toMatchObject({ counts: { read: ROWS, loaded: ROWS } });
    const [counts] = await warehouse.sql(
      `SELECT count(DISTINCT id)::DOUBLE AS ids, (count(*) FILTER (WHERE _sluice_current AND status = 'refunded'))::DOUBLE AS wrong,
         (SELECT sum(unchanged)::DOUBLE FROM sluice.chunk WHERE run_id = '${again.id}' AND read > 0) AS unchanged FROM public.history`,
    );
    expect(counts).toEqual({ ids: ROWS, wrong: 0, unchanged: 2 * ROWS });

    const verify = async (asked: { repair?: boolean } = {}): Promise<VerificationView> => {
      const { id } = await rest.post<{ id: string }>(`/v1/syncs/${sync}:verify`, { source: true, ...asked });
      const view = await verified(id);
      expect(view).toMatchObject({ state: 'succeeded' });
      return view;
    };
    const nothing = { state: 'verified', records: ROWS, found: {}, notes: [] };
    expect((await verify()).streams).toMatchObject([nothing, nothing]);
    await warehouse.sql('DELETE FROM public.items WHERE id = 1');
    await warehouse.sql('UPDATE public.items SET quantity = quantity + 1 WHERE id = 2');
    const repaired = (await verify({ repair: true })).streams.find(({ name }) => name === 'order_items');
    expect(repaired).toMatchObject({ found: { missing: 1, differing: 1 }, repaired: 2 });
    expect((await verify()).streams).toMatchObject([nothing, nothing]);
  });

  it('makes tables of lists, verified with their parents, and repairs them', async () => {
    const sync = await newSync('warehouse.duckdb', [
      { name: 'orders', mode: 'incremental_upsert', table: 'orders', child_tables: ['tags'] },
    ]);
    await succeeded(await start(sync));
    const count = async () =>
      (
        await warehouse.sql(
          `SELECT (SELECT count(*)::DOUBLE FROM public.orders__tags) AS children, (SELECT sum(json_array_length(tags))::DOUBLE FROM public.orders) AS elements`,
        )
      )[0];
    const before = await count();
    expect(before?.children).toBeGreaterThan(0);
    expect(before?.children).toBe(before?.elements);
    await warehouse.sql(`DELETE FROM public.orders__tags WHERE _sluice_position = 0`);
    const verify = async (asked: object) => verified((await rest.post<{ id: string }>(`/v1/syncs/${sync}:verify`, asked)).id);
    expect((await verify({})).streams).toMatchObject([{ found: { children: 1 } }]);
    await verify({ source: true, repair: true });
    expect(await count()).toEqual(before);
    expect((await verify({})).streams).toMatchObject([{ found: {} }]);
  });

  it('waits while another process has the file', async () => {
    const sync = await newSync('taken.duckdb', [{ name: 'events', mode: 'incremental_append', table: 'events' }]);
    const stream = new TestStream({ mode: 'incremental_append' });
    const child = fork(resolve('dist/test/support/duckdb-writer.js'));
    const order = { folder: warehouse.folder, path: 'taken.duckdb', ref: stream.nextRun(), target: stream.target, fence: 1 };
    const opened = once(child, 'message');
    child.send({ ...order, rows: 1_000_000_000, rowsPerChunk: 10 });
    await opened;
    const run = await start(sync);
    await expect(rest.get(`/v1/syncs/${sync}/state`)).rejects.toMatchObject({
      status: 503,
      problem: { code: 'DESTINATION_IN_USE' },
    });
    expect((await rest.get<RunView>(`/v1/runs/${run}`)).finished_at).toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await succeeded(run)).toMatchObject({ counts: { read: 50, loaded: 50 } });
  });
});
