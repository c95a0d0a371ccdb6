import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';
import { serverConfig } from '../support/server-config.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** A row a block, so that few are 88 MiB: three slices. */
const ROWS = 11_000;
/** The first two slices are read, the third is not. */
const MIDDLE_BYTES = 70_000_000;
const TWO_MOVERS = { SLUICE_WORKER_ACTIVITIES: '2' };
const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;
const mode = 'full_refresh_overwrite';

describe('a full refresh of PostgreSQL is read from one snapshot', () => {
  let world: RunWorld;
  let api: AppProcess;
  let client: ApiClient;
  let worker: ChildProcess;
  let source: TestDatabase;
  let sql: pg.Client;
  let proxy: TcpProxy;
  let target: string;
  let names = 0;

  const allowed = () => ({ ...TWO_MOVERS, ...world.allowing(`127.0.0.1:${proxy.port}`) });

  beforeAll(async () => {
    source = await createTestDatabase('snapshots');
    sql = new pg.Client({ connectionString: source.url });
    await sql.connect();
    await sql.query(`
      CREATE TABLE keyed (id int PRIMARY KEY, version int NOT NULL, filler text STORAGE PLAIN);
      INSERT INTO keyed SELECT n, 1, repeat('x', 7000) FROM generate_series(1, ${ROWS}) n;
      CREATE TABLE keyless (id int NOT NULL, version int NOT NULL, filler text STORAGE PLAIN);
      INSERT INTO keyless SELECT n, 1, repeat('x', 7000) FROM generate_series(1, ${ROWS}) n;
      ANALYZE`);
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

  /** A run whose reading stands still in the middle, until the proxy is thawed or the worker ended. */
  async function stopped(
    stream: string,
    table: string,
    { after = MIDDLE_BYTES, ...more }: Record<string, unknown> & { after?: number } = {},
  ): Promise<string> {
    const connection = { ...serverConfig(source.url), host: '127.0.0.1', port: proxy.port, ...more };
    const source_id = await client.created('/v1/connections', {
      name: `source ${(names += 1)}`,
      connector: 'postgres-source',
      config: connection,
    });
    const streams = [{ name: stream, mode, table }];
    const sync = await client.created('/v1/syncs', { name: `sync ${names}`, source_id, destination_id: target, streams });
    const frozen = proxy.freezeAfter(after);
    const started = await client.post(`/v1/syncs/${sync}/runs`);
    expect(started.status).toBe(202);
    await frozen;
    return started.body.id ?? '';
  }

  /** Rows of every slice change and move, and new ones come. */
  const change = (stream: string, version: number) =>
    sql.query(`UPDATE ${stream} SET version = ${version} WHERE id % 3 = 0;
      INSERT INTO ${stream} SELECT n, ${version}, 'new' FROM generate_series(${ROWS} * ${version}, ${ROWS} * ${version} + 999) n`);

  const versions = async (db: pg.Client | pg.Pool, table: string) =>
    (
      await db.query<Record<string, unknown>>(
        `SELECT version::int, count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM ${table} GROUP BY version ORDER BY version`,
      )
    ).rows;

  const transactions = async (): Promise<number> =>
    (
      await sql.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name = 'sluice-source' AND xact_start IS NOT NULL`)
    ).rows.length;

  async function noTransactionIsLeft(): Promise<void> {
    for (let tries = 0; (await transactions()) > 0; tries += 1) {
      if (tries > 100) throw new Error('a transaction is left open at the source');
      await delay(50);
    }
  }

  async function warnings(run: string): Promise<string> {
    const { body } = await client.get(`/v1/runs/${run}`);
    return JSON.stringify((body as unknown as { streams: unknown }).streams);
  }

  it.each(['keyed', 'keyless'])(
    'what changes in the table %s while it is read is not seen',
    async (stream) => {
      const before = await versions(sql, stream);
      const run = await stopped(stream, `${stream}_whole`);
      await change(stream, 2);
      proxy.thaw();
      expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
      expect(await versions(world.destination, `public.${stream}_whole`)).toEqual(before);
      expect(await warnings(run)).not.toMatch(/snapshot/);
      await noTransactionIsLeft();
    },
    90_000,
  );

  it('without a key: a killed worker is followed by a new snapshot, which all rows are of, and the run says so', async () => {
    const run = await stopped('keyless', 'keyless_killed');
    await endWorker(worker, 'SIGKILL');
    await change('keyless', 3);
    const now = await versions(sql, 'keyless');
    worker = await world.startWorker(allowed());
    expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
    expect(await versions(world.destination, 'public.keyless_killed')).toEqual(now);
    expect(await warnings(run)).toMatch(/all slices are read again from a new one/);
    const rows = now.reduce((sum, row) => sum + Number(row['rows']), 0);
    expect((await world.streams(run))[0]?.counts).toMatchObject({ read: rows, inserted: rows });
  }, 90_000);

  it('with a key: each row comes once when the snapshot is lost, and the run says that slices are of two moments', async () => {
    const run = await stopped('keyed', 'keyed_killed');
    await endWorker(worker, 'SIGKILL');
    worker = await world.startWorker(allowed());
    expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
    expect(await versions(world.destination, 'public.keyed_killed')).toEqual(await versions(sql, 'keyed'));
    expect(await warnings(run)).toMatch(/slices that were not finished are read from a new one/);
  }, 90_000);

  it('the session that holds it is ended at the source: another takes its place', async () => {
    // Slices under way have taken it and read on; those that were not begun need another.
    const run = await stopped('keyless', 'keyless_ended', { after: 40_000_000 });
    const { rowCount } = await sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'sluice-source' AND state = 'idle in transaction' AND (query LIKE '%pg_export_snapshot()%' OR query = 'SELECT 1')`,
    );
    expect(rowCount).toBe(1);
    proxy.thaw();
    expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
    expect(await versions(world.destination, 'public.keyless_ended')).toEqual(await versions(sql, 'keyless'));
    expect(await warnings(run)).toMatch(/all slices are read again/);
  }, 90_000);

  it('a pause and a cancellation end its transaction', async () => {
    const run = await stopped('keyed', 'keyed_paused');
    expect(await transactions()).toBeGreaterThan(0);
    expect((await client.post(`/v1/runs/${run}:pause`)).status).toBeLessThan(300);
    await world.until(run, ({ state }) => state === 'paused', 30_000);
    proxy.thaw();
    await noTransactionIsLeft();
    // What is left takes no longer to read than a cancellation takes to arrive: it is held up again.
    const frozen = proxy.freezeAfter(1_000_000);
    expect((await client.post(`/v1/runs/${run}:resume`)).status).toBeLessThan(300);
    await frozen;
    expect((await client.post(`/v1/runs/${run}:cancel`)).status).toBeLessThan(300);
    expect(await world.until(run, ended, 30_000)).toMatchObject({ state: 'cancelled' });
    proxy.thaw();
    await noTransactionIsLeft();
  }, 120_000);

  it.each([
    ['keyed', /slices that were not finished are read from a new one/],
    ['keyless', /all slices are read again from a new one/],
  ] as const)(
    'a run of the table %s that was paused goes on with a new snapshot, says so, and has the right rows',
    async (stream, words) => {
      const run = await stopped(stream, `${stream}_resumed`);
      const before = await versions(sql, stream);
      expect((await client.post(`/v1/runs/${run}:pause`)).status).toBeLessThan(300);
      // While nothing is to be read on, so that slices stay open.
      await world.until(run, ({ state }) => state === 'paused', 30_000);
      proxy.thaw();
      await noTransactionIsLeft();
      expect(await warnings(run)).not.toMatch(/snapshot/);
      const slices = await world.pool.query<{ open: number; all: number }>(
        `SELECT count(*) FILTER (WHERE state <> 'done')::int AS open, count(*)::int AS all FROM control.slice WHERE run_id = $1`,
        [run],
      );
      expect(slices.rows[0]?.open).toBeGreaterThan(0);
      const next = 1 + Math.max(...before.map((row) => Number(row['version'])));
      await change(stream, next);
      const after = await versions(sql, stream);
      expect((await client.post(`/v1/runs/${run}:resume`)).status).toBeLessThan(300);
      expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
      expect(await warnings(run)).toMatch(words);
      const loaded = await versions(world.destination, `public.${stream}_resumed`);
      if (stream === 'keyless') return expect(loaded).toEqual(after);
      // Finished slices are of the first moment, the others of the second: each key is there once.
      const [rows] = (
        await world.destination.query<{ rows: number; ids: number; newest: number }>(
          `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids, max(version)::int AS newest FROM public.${stream}_resumed`,
        )
      ).rows;
      const total = after.reduce((sum, row) => sum + Number(row['rows']), 0);
      expect(rows).toEqual({ rows: total, ids: total, newest: next });
      // No row is of neither moment: what did not change is as it was, what changed is one or the other.
      const known = new Map(
        (await sql.query<{ id: number; version: number }>(`SELECT id, version FROM ${stream}`)).rows.map((row) => [
          row.id,
          row.version,
        ]),
      );
      const moved = await world.destination.query<{ id: number; version: number }>(
        `SELECT id::int, version::int FROM public.${stream}_resumed`,
      );
      const wrong = moved.rows.filter(({ id, version }) => version !== known.get(id) && (id % 3 !== 0 || version === next));
      expect(wrong).toEqual([]);
    },
    90_000,
  );

  it('a stream without a key that is not read within the longest hold fails with what to do, and leaves nothing open', async () => {
    const run = await stopped('keyless', 'keyless_expired', { snapshot_hold_seconds: 1, after: 5_000_000 });
    await delay(1_000);
    proxy.thaw();
    expect(await world.until(run, ended, 30_000)).toMatchObject({ state: 'failed', error: { code: 'SNAPSHOT_EXPIRED' } });
    await noTransactionIsLeft();
  }, 90_000);

  it('a role that may not export a snapshot reads each range as of its own moment, or all of a table without a key at once', async () => {
    await sql.query(`CREATE ROLE snap_${process.pid} LOGIN PASSWORD 'word'; GRANT SELECT ON keyed, keyless TO snap_${process.pid};
      REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC`);
    for (const stream of ['keyed', 'keyless']) {
      const run = await stopped(stream, `${stream}_denied`, { user: `snap_${process.pid}`, password: 'word' });
      proxy.thaw();
      expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded' });
      expect(await versions(world.destination, `public.${stream}_denied`)).toEqual(await versions(sql, stream));
      expect(await warnings(run)).toMatch(
        stream === 'keyed' ? /each slice is read as of its own moment, .*GRANT EXECUTE/ : /in one piece, .*GRANT EXECUTE/,
      );
      if (stream === 'keyless')
        expect((await world.pool.query('SELECT 1 FROM control.slice WHERE run_id = $1', [run])).rowCount).toBe(1);
    }
    await sql.query(
      `GRANT EXECUTE ON FUNCTION pg_export_snapshot() TO PUBLIC; DROP OWNED BY snap_${process.pid}; DROP ROLE snap_${process.pid}`,
    );
  }, 120_000);
});
