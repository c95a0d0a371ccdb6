import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startStack, type Stack } from '../../libs/stack/index.js';
import type { RunView } from '../../libs/contracts/run.schema.js';
import { ApiClient } from '../support/api-client.js';
import { startApi, type Api } from '../support/local-api.js';

/** The API of the source gives two pages of whatever `pages` says now. */
let pages: readonly string[] = [];
let source: Api;
let stack: Stack;
let client: ApiClient;
let warehouse: pg.Client;

const manifest = (base: string) => ({
  version: '6.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['things'] },
  streams: [
    {
      type: 'DeclarativeStream',
      name: 'things',
      primary_key: ['id'],
      retriever: {
        type: 'SimpleRetriever',
        requester: { type: 'HttpRequester', url_base: base, path: '/things', http_method: 'GET' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
        paginator: {
          type: 'DefaultPaginator',
          page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
          pagination_strategy: { type: 'PageIncrement', page_size: 2 },
        },
      },
    },
  ],
});

beforeAll(async () => {
  source = await startApi(({ url }) => [200, pages[Number(new URL(url, 'http://x').searchParams.get('page') ?? 0)] ?? '[]']);
  stack = await startStack({
    home: `.sluice/contracts-${process.pid}`,
    allow: [new URL(source.base).host],
    env: { SLUICE_CHUNK_ROWS: '1', SLUICE_CHUNK_MS: '100' },
  });
  client = new ApiClient(stack.apiUrl, stack.apiKey);
  warehouse = new pg.Client({ connectionString: stack.warehouseUrl });
  await warehouse.connect();
  await client.created('/v1/connectors?name=things', JSON.stringify({ name: 'things', manifest: manifest(source.base) }));
}, 120_000);
afterAll(async () => {
  await warehouse?.end();
  await stack?.destroy();
  await source?.close();
});

let made = 0;
async function newSync(stream: object, status = 201) {
  const table = `things_${++made}`;
  const at = new URL(stack.warehouseUrl);
  const source_id = await client.created('/v1/connections', { name: `things ${made}`, connector: 'things', config: {} });
  const destination_id = await client.created('/v1/connections', {
    ...{ name: `target ${made}`, connector: 'postgres' },
    config: {
      ...{ host: at.hostname, port: Number(at.port), database: at.pathname.slice(1) },
      ...{ user: decodeURIComponent(at.username), password: decodeURIComponent(at.password) },
    },
  });
  const answer = await client.post('/v1/syncs', {
    ...{ name: `sync ${made}`, source_id, destination_id },
    streams: [{ name: 'things', mode: 'full_refresh_overwrite', table, ...stream }],
  });
  if (answer.status !== status) throw new Error(`POST /v1/syncs answered ${answer.status}: ${answer.text}`);
  return { id: answer.body.id ?? '', table, answer };
}

async function run(sync: string): Promise<RunView> {
  const started = await client.post(`/v1/syncs/${sync}/runs`);
  for (const end = Date.now() + 60_000; ; await delay(50)) {
    const now = (await client.get(`/v1/runs/${started.body.id}`)).body as unknown as RunView;
    if (now.finished_at !== null) return now;
    if (Date.now() > end) throw new Error(`the run is ${now.state}`);
  }
}

it('a stream without a schema is loaded, its table grows while it is, and what no column can hold is listed with its digits', async () => {
  pages = [
    '[{"id":1,"price":1},{"id":2,"price":12345678901234567890.5}]',
    '[{"id":3,"price":"on request","tags":["a"]},{"id":4,"price":0.10000000000000000001,"name":"nul \\u0000"}]',
    '[{"id":null,"price":9007199254740993}]',
  ];
  const sync = await newSync({});
  const done = await run(sync.id);
  expect(done).toMatchObject({ state: 'succeeded', counts: { read: 5, loaded: 4, quarantined: 1, discarded_values: 0 } });
  const { rows } = await warehouse.query(`SELECT id::text, price, tags FROM ${sync.table} ORDER BY id`);
  expect(rows).toEqual([
    { id: '1', price: '1', tags: null },
    { id: '2', price: '12345678901234567890.5', tags: null },
    { id: '3', price: 'on request', tags: ['a'] },
    { id: null, price: '9007199254740993', tags: null },
  ]);

  const list = await client.get(`/v1/quarantine?run=${done.id}`);
  expect(list.status).toBe(200);
  expect(list.body.data).toMatchObject([
    {
      sync_id: sync.id,
      stream: 'things',
      run_id: done.id,
      reason: 'nul_character',
      field: 'name',
      record: { id: 4, name: 'nul \0' },
    },
  ]);
  expect(list.text).toContain('"price":0.10000000000000000001');

  await run(sync.id);
  const first = await client.get(`/v1/quarantine?sync=${sync.id}&limit=1`);
  const second = await client.get(`/v1/quarantine?sync=${sync.id}&limit=1&cursor=${first.body.next_cursor ?? ''}`);
  expect([...first.body.data, ...second.body.data].map(({ run_id }) => run_id === done.id)).toEqual([false, true]);
  expect(second.body.next_cursor).toBeNull();
});

it('what the contract leaves out is counted, and a frozen one ends the run with what to do', async () => {
  pages = ['[{"id":1,"price":1},{"id":2,"price":2}]'];
  const sync = await newSync({ contract: { new_fields: 'evolve', type_conflicts: 'discard_value' } });
  expect(await run(sync.id)).toMatchObject({ state: 'succeeded' });
  pages = ['[{"id":1,"price":"high"},{"id":3,"price":{"a":1},"more":1}]'];
  expect(await run(sync.id)).toMatchObject({
    state: 'succeeded',
    counts: { read: 2, loaded: 2, quarantined: 0, discarded_values: 2 },
  });
  const frozen = await client.patch(`/v1/syncs/${sync.id}`, {
    streams: [{ name: 'things', mode: 'full_refresh_overwrite', table: sync.table, contract: { type_conflicts: 'freeze' } }],
  });
  expect(frozen.status).toBe(200);
  expect(await run(sync.id)).toMatchObject({
    state: 'failed',
    error: {
      code: 'SCHEMA_FROZEN',
      stream: 'things',
      detail: expect.stringContaining('price'),
      next: expect.stringContaining('contract'),
    },
  });
  const { rows } = await warehouse.query(`SELECT id::text, price::text, more::text FROM ${sync.table} ORDER BY id`);
  expect(rows).toEqual([
    { id: '1', price: null, more: null },
    { id: '3', price: null, more: '1' },
  ]);
});

it('lists become child tables, through which a change of a list is seen, and a verification compares them', async () => {
  pages = [
    '[{"id":1,"lines":[{"sku":"a","price":0.10000000000000000001},{"sku":"b","price":2}]},{"id":2,"lines":[]}]',
    '[{"id":3,"lines":[{"sku":"c","price":"on request"}]}]',
  ];
  const stream = { child_tables: ['lines'], metadata: ['run'] };
  const sync = await newSync(stream);
  const lines = async () =>
    (
      await warehouse.query<object>(
        `SELECT t.id::text, _sluice_position::int AS n, sku, price FROM ${sync.table}__lines c JOIN ${sync.table} t ON t._sluice_row = c._sluice_parent
         ORDER BY t.id, n`,
      )
    ).rows;
  expect(await run(sync.id)).toMatchObject({ state: 'succeeded', counts: { read: 3, loaded: 3 } });
  expect(await lines()).toEqual([
    { id: '1', n: 0, sku: 'a', price: '0.10000000000000000001' },
    { id: '1', n: 1, sku: 'b', price: '2' },
    { id: '3', n: 0, sku: 'c', price: 'on request' },
  ]);
  pages = ['[{"id":1,"lines":[{"sku":"z","price":1}]}]'];
  expect(await run(sync.id)).toMatchObject({ state: 'succeeded' });
  expect(await lines()).toEqual([{ id: '1', n: 0, sku: 'z', price: '1' }]);
  await warehouse.query(`DELETE FROM ${sync.table}__lines`);
  const started = await client.post(`/v1/syncs/${sync.id}:verify`);
  expect(started.status).toBe(202);
  let found = started.body as { state?: string; findings?: number };
  for (const end = Date.now() + 60_000; found.state === 'running' && Date.now() < end; await delay(50))
    found = (await client.get(`/v1/verifications/${started.body.id ?? ''}`)).body as typeof found;
  expect(found).toMatchObject({ state: 'succeeded', findings: 1 });

  const unasked = await client.patch(`/v1/syncs/${sync.id}`, {
    streams: [{ name: 'things', mode: 'full_refresh_overwrite', table: sync.table }],
  });
  expect(unasked.body).toMatchObject({ code: 'RESET_REQUIRED', errors: [{ path: '/streams/0/child_tables' }] });
  const { answer } = await newSync({ child_tables: ['lines', 'lines'], nested: 'flatten' }, 422);
  expect(answer.body.errors?.map(({ path }) => path)).toEqual(['/streams/0/child_tables']);
});

it('wrong contracts, filters and cursors are answered with the place', async () => {
  const { answer } = await newSync({ contract: { new_fields: 'ignore', other: 1 } }, 422);
  expect(answer.body.errors?.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['/streams/0/contract/new_fields', '/streams/0/contract/other']),
  );
  const all = await client.get('/v1/quarantine?limit=100');
  expect(all.status).toBe(200);
  expect(all.body.data.length).toBeGreaterThan(1);
  for (const [query, status] of [
    ['since=yesterday', 422],
    ['sync=x', 422],
    ['other=1', 422],
    ['cursor=abc', 422],
    ['sync=00000000-0000-4000-8000-000000000000', 404],
    ['run=00000000-0000-4000-8000-000000000000', 404],
  ] as const)
    expect([query, (await client.get(`/v1/quarantine?${query}`)).status]).toEqual([query, status]);
  expect((await new ApiClient(stack.apiUrl, null).get('/v1/quarantine')).status).toBe(401);
});
