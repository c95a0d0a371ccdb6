import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Destination, StreamTarget } from '../../libs/contracts/destination.port.js';
import { METADATA } from '../../libs/contracts/metadata.js';
import { WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { item, items, TestStream, wholeRun } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

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

interface Row {
  id: number;
  run: string | null;
  slice: string | null;
  change: string | null;
  loaded: Date | null;
}
const rows = async (table: string): Promise<Row[]> =>
  (
    await world.sql.query<Row>(
      `SELECT id::int, _sluice_run AS run, _sluice_slice AS slice, _sluice_change AS change, _sluice_loaded_at AS loaded
       FROM "${table}" ORDER BY id, _sluice_loaded_at`,
    )
  ).rows;

describe.each(WRITE_MODES)('%s', (mode) => {
  test.each(['exact', 'none'] as const)('rows say which run wrote them, when, and what it did, resume %s', async (resume) => {
    const before = new Date(Date.now() - 1_000);
    const stream = new TestStream({ mode, resume, metadata: METADATA });
    const { table } = stream.target;
    const first = await wholeRun(destination, stream, items(1, 3));
    const wrote = { run: first.runId, slice: 'all', change: 'insert' };
    expect(await rows(table)).toMatchObject([1, 2, 3].map((id) => ({ id, ...wrote })));
    for (const { loaded } of await rows(table)) expect(Number(loaded)).toBeGreaterThan(Number(before));

    const second = await wholeRun(destination, stream, [item(2, 2), item(3, 9, 'changed'), item(4, 9)]);
    const mine = { run: second.runId, slice: 'all' };
    const found = await rows(table);
    expect(found.filter(({ run }) => run === second.runId).map(({ id }) => id)).toEqual(
      // Of a history the version that ended was written too.
      mode === 'scd2' ? [3, 3, 4] : mode === 'incremental_upsert' ? [3, 4] : [2, 3, 4],
    );
    expect(found.find(({ id }) => id === 4)).toMatchObject({ ...mine, change: 'insert' });
    if (mode === 'incremental_upsert') expect(found.find(({ id }) => id === 3)).toMatchObject({ ...mine, change: 'update' });
    // A row that was not changed says what it said, and was not written.
    if (mode === 'incremental_upsert') expect(found.find(({ id }) => id === 2)).toMatchObject(wrote);
  });
});

test('a row that is marked as deleted says so, whether a tombstone or a whole read found out', async () => {
  const deletes = { when: { field: 'gone' }, as: 'soft', missing: 'soft', allowEmpty: false } as const;
  const jsonSchema = { properties: { id: { type: 'integer' }, name: { type: 'string' }, gone: { type: 'boolean' } } };
  const target: Partial<StreamTarget> = { deletes, jsonSchema, cursorField: null, metadata: METADATA };
  const stream = new TestStream({ mode: 'incremental_upsert', ...target });
  const first = await wholeRun(destination, stream, [{ id: 1 }, { id: 2 }, { id: 3 }]);
  const second = await wholeRun(destination, stream, [{ id: 1 }, { id: 2, gone: true }]);
  expect(await rows(stream.target.table)).toMatchObject([
    { id: 1, run: first.runId, change: 'insert' },
    { id: 2, run: second.runId, change: 'delete', slice: 'all' },
    { id: 3, run: second.runId, change: 'delete', slice: null },
  ]);
});

test('metadata that is asked for later is known of later rows only, and a table of a full refresh stays replaceable', async () => {
  const plain = new TestStream({ mode: 'incremental_append', cursorField: null });
  await wholeRun(destination, plain, [item(1)]);
  const asked = new TestStream({ ...plain.target, metadata: ['run'] });
  Object.assign(asked, { base: (plain as unknown as { base: object }).base, epoch: 1 });
  const ref = await wholeRun(destination, asked, [item(2)]);
  const { rows: found } = await world.sql.query(`SELECT id::int, _sluice_run AS run FROM "${asked.target.table}" ORDER BY id`);
  expect(found).toEqual([
    { id: 1, run: null },
    { id: 2, run: ref.runId },
  ]);

  const refreshed = new TestStream({ mode: 'full_refresh_overwrite', metadata: METADATA });
  const oid = async () =>
    (await world.sql.query<{ oid: number }>(`SELECT $1::regclass::oid AS oid`, [`"${refreshed.target.table}"`])).rows[0]?.oid;
  await wholeRun(destination, refreshed, [item(1)]);
  const replaced = await oid();
  await wholeRun(destination, refreshed, [item(1)]);
  expect(await oid()).not.toBe(replaced);
});

test('a field with the name of a metadata column gets another one', async () => {
  const jsonSchema = { properties: { id: { type: 'integer' }, _sluice_run: { type: 'string' } } };
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema, cursorField: null, metadata: ['run'] });
  const { runId } = await wholeRun(destination, stream, [{ id: 1, _sluice_run: 'mine' }]);
  expect(await world.rows(stream.target.table)).toEqual([{ id: 1, _sluice_run: runId, _sluice_run_: 'mine' }]);
});
