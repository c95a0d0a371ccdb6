import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import { page, slice, TestStream } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

/** As many as make a load large. */
const LARGE = 50_000;

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
  destination = world.connect();
});
afterAll(async () => {
  await destination.close();
  await world.close();
});

const upsert = (): TestStream => new TestStream({ mode: 'incremental_upsert' });
const known = async (table: string): Promise<unknown> =>
  (
    await world.sql.query<{ n: number }>(
      `SELECT greatest(reltuples, 0)::int AS n FROM pg_class WHERE oid = '"${table}"'::regclass`,
    )
  ).rows[0]?.n;

/** One run of records `from` to `to`, finished; what is asked for after it. */
async function load(stream: TestStream, from: number, to: number) {
  const { target } = stream;
  const ref = stream.nextRun();
  await destination.prepare({ ref, target });
  const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
  const records = Array.from({ length: to - from + 1 }, (_, n) => ({ id: from + n, name: 'n', updated_at: '2026-01-01' }));
  await writer.write(page(records));
  await writer.commit({ at: to });
  await writer.complete({ at: to }, (state) => state);
  expect(writer.lastCommit).toMatchObject({ rows: records.length, bytes: 100 * records.length });
  expect(writer.lastCommit?.ms).toBeGreaterThan(0);
  await writer.close();
  await destination.finish({ ref, target });
  return { ref, target };
}

test('a large load is followed by ANALYZE, a small one and a repetition of the same rows are not', async () => {
  const stream = upsert();
  const { table } = stream.target;
  const first = await load(stream, 1, LARGE);
  expect(await destination.refreshStatistics?.(first)).toBe(true);
  expect(await known(table)).toBe(LARGE);
  expect(await destination.refreshStatistics?.(await load(stream, 1, LARGE))).toBe(false);
  expect(await destination.refreshStatistics?.(await load(stream, LARGE + 1, LARGE + 10))).toBe(false);
});

test('key and cursor are analysed at once, the rest is left to the server, which still knows that it has to', async () => {
  const stream = upsert();
  const { table } = stream.target;
  await world.sql.query(
    `CREATE TABLE "${table}" (id bigint PRIMARY KEY, name text, updated_at text) WITH (autovacuum_enabled = off)`,
  );
  expect(await destination.refreshStatistics?.(await load(stream, 1, LARGE))).toBe(true);
  const { rows: analysed } = await world.sql.query('SELECT attname FROM pg_stats WHERE tablename = $1 ORDER BY 1', [table]);
  expect(analysed).toEqual([{ attname: 'id' }, { attname: 'updated_at' }]);
  // The server counts what a session changed when the session has ended.
  await destination.close();
  destination = world.connect();
  for (let changes = 0; changes < LARGE;) {
    const { rows } = await world.sql.query<{ n: number }>(
      'SELECT n_mod_since_analyze::int AS n FROM pg_stat_user_tables WHERE relname = $1 AND last_analyze IS NOT NULL',
      [table],
    );
    changes = rows[0]?.n ?? 0;
  }
});

test('without key and cursor one column tells the table’s size', async () => {
  const stream = new TestStream({ mode: 'full_refresh_overwrite', primaryKey: [], cursorField: null });
  expect(await destination.refreshStatistics?.(await load(stream, 1, LARGE))).toBe(true);
  expect(await known(stream.target.table)).toBe(LARGE);
});

test('one who holds the table’s statistics is not waited for long, and the load stays as it is', async () => {
  const stream = upsert();
  const { table } = stream.target;
  const loaded = await load(stream, 1, LARGE);
  await world.sql.query('BEGIN');
  await world.sql.query(`LOCK TABLE "${table}" IN SHARE UPDATE EXCLUSIVE MODE`);
  await expect(destination.refreshStatistics?.(loaded)).rejects.toMatchObject({ details: { sqlstate: '55P03' } });
  await world.sql.query('COMMIT');
  expect(await world.rows(table)).toHaveLength(LARGE);
  expect(await destination.refreshStatistics?.(loaded)).toBe(true);
});
