import { eventually } from '../support/eventually.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import pg from 'pg';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';
import { serverConfig } from '../support/server-config.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ROWS = 30_000;
const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;

describe('PostgreSQL as a source, through the REST API into PostgreSQL', () => {
  let world: RunWorld;
  let api: AppProcess;
  let client: ApiClient;
  let worker: ChildProcess;
  let source: TestDatabase;
  let sql: pg.Client;
  let proxy: TcpProxy;
  let target: string;
  let names = 0;

  const allowed = () => world.allowing(`127.0.0.1:${proxy.port}`);
  const viaProxy = (extra: Record<string, unknown> = {}) => ({
    ...serverConfig(source.url),
    ...{ host: '127.0.0.1', port: proxy.port, ...extra },
  });

  beforeAll(async () => {
    source = await createTestDatabase('source');
    sql = new pg.Client({ connectionString: source.url });
    await sql.connect();
    await sql.query(`
      CREATE TABLE items (id bigint PRIMARY KEY, name text, price numeric(12, 3), seen timestamptz, tags text[], doc jsonb,
        updated_at timestamptz NOT NULL DEFAULT now() - interval '1 minute');
      INSERT INTO items (id, name, price, seen, tags, doc)
        SELECT n, repeat(md5(n::text), 10), n / 8.0, timestamptz '2026-01-01' + n * interval '1 second', ARRAY['a', n::text],
          jsonb_build_object('n', n, 'text', E'tab\\tand "quotes"') FROM generate_series(1, ${ROWS}) n;
      UPDATE items SET name = NULL, price = NULL, tags = NULL, seen = NULL WHERE id % 1000 = 0;
      CREATE TABLE special (id int PRIMARY KEY, n numeric, f float8, t timestamptz, ts timestamp, d date, h time, hz timetz, s text, updated_at timestamptz NOT NULL DEFAULT '2026-01-01');
      INSERT INTO special VALUES (1, 'NaN', 'Infinity', 'infinity', '-infinity', 'infinity', '24:00', '24:00+00', ''), (2, 1.50, '-0', '-infinity', '0044-03-15 BC', '0044-03-15 BC', '12:00', '12:00:00+05:30:10', E'\\N'),
        (3, '-Infinity', 'NaN', '12026-01-01', '12026-01-01', '12026-01-01', NULL, NULL, NULL);
      CREATE TABLE gone (id int PRIMARY KEY); CREATE TABLE locked (id int PRIMARY KEY); CREATE TABLE changed (id int PRIMARY KEY, value int);
      INSERT INTO changed VALUES (1, 1)`);
    const { hostname, port } = new URL(source.url);
    proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    world = await RunWorld.create();
    ({ api, client } = await world.startApi(allowed()));
    worker = await world.startWorker(allowed());
    target = await client.created('/v1/connections', {
      name: 'warehouse',
      connector: 'postgres',
      config: serverConfig(world.destination.options.connectionString ?? ''),
    });
  }, 120_000);

  afterAll(async () => {
    await api?.stop();
    await world?.close();
    await proxy?.close();
    await sql?.end();
    await source?.drop();
  });

  const connect = (extra?: Record<string, unknown>) =>
    client.created('/v1/connections', { name: `source ${(names += 1)}`, connector: 'postgres-source', config: viaProxy(extra) });

  async function createSync(streams: readonly Record<string, unknown>[], extra?: Record<string, unknown>): Promise<string> {
    const source_id = await connect(extra);
    return client.created('/v1/syncs', { name: `sync ${(names += 1)}`, source_id, destination_id: target, streams });
  }

  async function start(sync: string): Promise<string> {
    const run = await client.post(`/v1/syncs/${sync}/runs`);
    expect(run.status).toBe(202);
    return run.body.id ?? '';
  }

  /** Of every row, as text; the same statement on both sides. */
  const content = async (db: pg.Client | pg.Pool, table: string) =>
    (
      await db.query<{ rows: string; digest: string }>(
        `SELECT count(*) AS rows, md5(string_agg(r, '|' ORDER BY id)) AS digest FROM (
         SELECT id, concat_ws(',', id, name, price::numeric + 0, seen, to_jsonb(tags), doc, updated_at) AS r FROM ${table}) t`,
      )
    ).rows[0];

  it('tells its streams with keys, cursors and types', async () => {
    const { body } = await client.get(`/v1/connections/${await connect()}/streams`);
    const streams = (body as unknown as { data: Record<string, unknown>[] }).data;
    expect(streams.find(({ name }) => name === 'items')).toMatchObject({
      primary_key: ['id'],
      cursor_field: 'updated_at',
      resume: 'exact',
    });
  });

  it.each(['full_refresh_overwrite', 'incremental_upsert', 'incremental_append'])(
    'lands every row once, with kill -9 of the worker in the middle, in mode %s',
    async (mode) => {
      const table = `items_${mode}`;
      const sync = await createSync([{ name: 'items', mode, table }]);
      const frozen = proxy.freezeAfter(4_000_000);
      const run = await start(sync);
      await frozen;
      await endWorker(worker, 'SIGKILL');
      expect((await world.until(run, () => true)).finishedAt).toBeNull();
      worker = await world.startWorker(allowed());
      expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
      expect(await content(world.destination, `public.${table}`)).toEqual(await content(sql, 'items'));
      expect((await world.streams(run))[0]?.counts).toMatchObject({ inserted: ROWS, quarantined: 0 });
    },
    90_000,
  );

  it.each(['full_refresh_overwrite', 'incremental_upsert', 'incremental_append', 'scd2'])(
    'lands what no JSON could hold as it is, and a verification finds it so, in mode %s',
    async (mode) => {
      const table = `special_${mode}`;
      const sync = await createSync([{ name: 'special', mode, table }]);
      expect(await world.until(await start(sync), ended)).toMatchObject({ state: 'succeeded', error: null });
      const rows = async (db: pg.Client | pg.Pool, name: string) =>
        (
          await db.query<Record<string, unknown>>(
            `SELECT id::int, n::text, f::numeric::text AS f, t::text, ts::text, d::text, h::text, hz::text, s FROM public.${name} ORDER BY id`,
          )
        ).rows;
      expect(await rows(world.destination, table)).toEqual(await rows(sql, 'special'));

      const asked = await client.post(`/v1/syncs/${sync}:verify`, { source: true });
      const path = `/v1/verifications/${asked.body.id ?? ''}`;
      const verification = await eventually(
        () => client.get(path),
        ({ body }) => body['state'] !== 'running',
      );
      expect(verification.body).toMatchObject({ state: 'succeeded', streams: [{ rows: 3, records: 3, found: {}, notes: [] }] });
    },
  );

  it('reads only what is new the next time, and what a transaction committed late', async () => {
    const sync = await createSync([{ name: 'items', mode: 'incremental_upsert', table: 'items_again' }], {
      cursor_lag_seconds: 0,
    });
    await world.until(await start(sync), ended, 60_000);
    const late = new pg.Client({ connectionString: source.url });
    await late.connect();
    await late.query(`BEGIN; UPDATE items SET name = 'late', updated_at = now() WHERE id = 7`);
    await sql.query(`UPDATE items SET name = 'early', updated_at = now() WHERE id = 8`);
    await world.until(await start(sync), ended, 60_000);
    await late.query('COMMIT');
    await late.end();
    const last = await start(sync);
    expect(await world.until(last, ended, 60_000)).toMatchObject({ state: 'succeeded' });
    expect((await world.streams(last))[0]?.counts).toMatchObject({ read: 2, updated: 2 });
    expect(await content(world.destination, 'public.items_again')).toEqual(await content(sql, 'items'));
  }, 90_000);

  it('takes states by hand, and reads again from a value or between two', async () => {
    await sql.query(
      `CREATE TABLE numbered (id int PRIMARY KEY, n int); INSERT INTO numbered SELECT n, n FROM generate_series(1, 100) n`,
    );
    const sync = await createSync([{ name: 'numbered', mode: 'incremental_upsert' }], { cursors: { numbered: 'n' } });
    const run = async (id: string) => {
      expect(await world.until(id, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
      return (await world.streams(id))[0]?.counts;
    };
    expect(await run(await start(sync))).toMatchObject({ read: 100 });
    const path = `/v1/syncs/${sync}/state`;
    const states = async () =>
      (
        (await client.get(path)).body as unknown as {
          streams: { version: number; state: { stream: { stream_state: object } } }[];
        }
      ).streams[0];
    const put = async (stream_state: object) => {
      const state = { type: 'STREAM', stream: { stream_descriptor: { name: 'numbered' }, stream_state } };
      return client.put(path, { streams: [{ name: 'numbered', version: (await states())?.version, state }] });
    };
    const first = (await states())?.state.stream.stream_state;
    expect(first).toEqual({ cursor: 'n', order: 'number', upto: '100', done: [] });
    expect(await put({ ...first, cursor: 'id', upto: 'many' })).toMatchObject({
      status: 422,
      body: {
        code: 'STATE_INVALID',
        errors: ['cursor', 'upto'].map((field) => ({ path: `/streams/0/state/stream/stream_state/${field}` })),
      },
    });
    expect(await put({ ...first, upto: '20', done: [{ from: '31', to: '91' }] })).toMatchObject({ status: 200 });
    expect(await run(await start(sync))).toMatchObject({ read: 21 });
    expect((await states())?.state.stream.stream_state).toEqual(first);
    const version = (await states())?.version;
    expect(await client.post(`${path}:replay`, { streams: [{ name: 'numbered', version }], from: '91' })).toMatchObject({
      status: 200,
    });
    expect(await run(await start(sync))).toMatchObject({ read: 10, updated: 0 });
    const backfill = await client.post(`/v1/syncs/${sync}/backfills`, { streams: ['numbered'], from: '5', to: '8' });
    expect(await run(backfill.body.id ?? '')).toMatchObject({ read: 4 });
    expect((await states())?.state.stream.stream_state).toEqual(first);
  }, 90_000);

  it('a table that was dropped, one that may not be read, and a column of another type fail the run with what is wrong', async () => {
    await sql.query(`CREATE ROLE e2e_${process.pid} LOGIN PASSWORD 'secret-word'; GRANT SELECT ON locked TO e2e_${process.pid}`);
    const mode = 'full_refresh_overwrite';
    const gone = await createSync([{ name: 'gone', mode }]);
    const denied = await createSync([{ name: 'locked', mode }], { user: `e2e_${process.pid}`, password: 'secret-word' });
    const changed = await createSync([{ name: 'changed', mode, contract: { type_conflicts: 'freeze' } }]);
    expect(await world.until(await start(changed), ended)).toMatchObject({ state: 'succeeded' });
    await sql.query(
      `DROP TABLE gone; REVOKE SELECT ON locked FROM e2e_${process.pid}; ALTER TABLE changed ALTER value TYPE text; UPDATE changed SET value = 'word'`,
    );
    expect(await world.until(await start(gone), ended)).toMatchObject({ state: 'failed', error: { code: 'UNKNOWN_STREAM' } });
    expect(await world.until(await start(denied), ended)).toMatchObject({
      state: 'failed',
      error: { code: expect.stringMatching(/UNKNOWN_STREAM|SOURCE_PERMISSION_DENIED/) },
    });
    const run = await world.until(await start(changed), ended);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'SCHEMA_FROZEN' } });
    expect((await world.destination.query('SELECT id, value FROM public.changed')).rows).toEqual([{ id: '1', value: '1' }]);
    await sql.query(`DROP OWNED BY e2e_${process.pid}; DROP ROLE e2e_${process.pid}`);
  }, 90_000);

  it('what cannot be reached or is configured wrongly is said, without a secret', async () => {
    const id = await connect({ password: 'secret-word', user: 'nobody_here' });
    const check = await client.post(`/v1/connections/${id}:check`);
    expect(check.body).toMatchObject({ ok: false, error: { code: 'SOURCE_AUTH_FAILED' } });
    expect(check.text).not.toContain('secret-word');
    const refused = await client.post('/v1/connections', {
      name: 'wrong',
      connector: 'postgres-source',
      config: { ...viaProxy(), cursor_lag_seconds: -1, colour: 'red' },
    });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(refused.text).toMatch(/cursor_lag_seconds/);
  });
});
