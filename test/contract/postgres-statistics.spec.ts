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
