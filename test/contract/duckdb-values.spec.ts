import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonSchema } from '../../libs/contracts/json.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { plainNumber } from '../../libs/destinations/duckdb/row-encoder.js';
import { parseJson } from '../../libs/json/index.js';
import { TestStream, wholeRun } from './destination-world.js';
import { duckdbWorld, type DuckdbWorld } from './duckdb-world.js';

let world: DuckdbWorld;
beforeAll(async () => {
  world = await duckdbWorld();
});
afterAll(() => world.close());

/** What the column v holds as text, and DuckDB's type of it. */
async function load(
  schema: JsonSchema,
  values: readonly unknown[],
): Promise<{ type: string; texts: unknown[]; kept: unknown[] }> {
  const jsonSchema = { type: 'object', properties: { n: { type: 'integer' }, v: schema } };
  const stream = new TestStream({
    mode: 'full_refresh_overwrite',
    jsonSchema,
    primaryKey: [],
    cursorField: null,
    contract: { typeConflicts: 'quarantine' },
  });
  const records: SourceRecord[] = values.map((v, n) => ({ n, v }));
  const { runId } = await wholeRun(world.connect(), stream, records);
  const rows = await world.sql(`SELECT v::VARCHAR AS text, typeof(v) AS type FROM public."${stream.target.table}" ORDER BY n`);
  const kept = await world.sql(`SELECT reason FROM sluice.quarantine WHERE run_id = '${runId}'`);
  return { type: String(rows[0]?.type), texts: rows.map(({ text }) => text), kept: kept.map(({ reason }) => reason) };
}

test('integers keep every digit', async () => {
  const values = [9007199254740993n, '-9223372036854775808', '9223372036854775807', 0, null];
  expect(await load({ type: 'integer' }, values)).toEqual({
    type: 'BIGINT',
    texts: ['9007199254740993', '-9223372036854775808', '9223372036854775807', '0', null],
    kept: [],
  });
});

test('numbers of any size and scale keep every digit, in one form', async () => {
  const parsed = parseJson('[0.1, 123456789012345678901234567890.000000000000000001, 1e-7, 1.50, 1E3, -0.0]') as unknown[];
  expect(await load({ type: 'number' }, parsed)).toEqual({
    type: 'VARCHAR',
    texts: ['0.1', '123456789012345678901234567890.000000000000000001', '0.0000001', '1.5', '1000', '0'],
    kept: [],
  });
});

test.each([
  ['1', '1'],
  ['+01.500', '1.5'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['12.5e1', '125'],
  ['12.5e-3', '0.0125'],
  ['-0.00', '0'],
])('the one form of %s is %s', (text, form) => {
  expect(plainNumber(text)).toBe(form);
});

test('times are the moments that they say, whatever their offset', async () => {
  const values = [
    '2026-01-01T10:00:00+05:30',
    '2026-01-01t10:00:00.123456z',
    '2026-01-01 10:00:00 +02',
    '2026-01-01',
    '2026-01-01T10:00',
  ];
  expect(await load({ type: 'string', format: 'date-time' }, values)).toEqual({
    type: 'TIMESTAMP WITH TIME ZONE',
    texts: [
      '2026-01-01 04:30:00+00',
      '2026-01-01 10:00:00.123456+00',
      '2026-01-01 08:00:00+00',
      '2026-01-01 00:00:00+00',
      '2026-01-01 10:00:00+00',
    ],
    kept: [],
  });
  const clock = await load({ type: 'string', format: 'time' }, ['10:00Z', '10:00:01.5', '10:00:00-0530']);
  expect(clock).toEqual({ type: 'TIME WITH TIME ZONE', texts: ['10:00:00+00', '10:00:01.5+00', '10:00:00-05:30'], kept: [] });
});

test('JSON keeps its digits; booleans, bytes, dates and ids have types of their own', async () => {
  const json = parseJson('{"a": 1.00000000000000000001, "b": ["x", null]}');
  const { type, texts } = await load({ type: 'object' }, [json]);
  expect(type).toBe('JSON');
  expect(texts).toEqual(['{"a":1.00000000000000000001,"b":["x",null]}']);
  expect(await load({ type: 'string', contentEncoding: 'base64' }, ['AP8='])).toMatchObject({
    type: 'BLOB',
    texts: ['\\x00\\xFF'],
  });
  expect(await load({ type: 'boolean' }, [true, 'f', 1])).toMatchObject({ type: 'BOOLEAN', texts: ['true', 'false', 'true'] });
  expect(await load({ type: 'string', format: 'date' }, ['2024-02-29'])).toMatchObject({ type: 'DATE', texts: ['2024-02-29'] });
  const id = '550e8400-e29b-41d4-a716-446655440000';
  expect(await load({ type: 'string', format: 'uuid' }, [id])).toMatchObject({ type: 'UUID', texts: [id] });
});

test('what does not fit is kept aside, and so is what no text can be', async () => {
  expect(await load({ type: 'integer' }, [1, 'many', 1e30])).toMatchObject({
    texts: ['1'],
    kept: ['type_conflict', 'type_conflict'],
  });
  expect(await load({ type: 'string' }, ['a', '\ud800'])).toMatchObject({ texts: ['a'], kept: ['lone_surrogate'] });
  expect(await load({ type: 'object' }, [{ a: 1 }, { a: '\ud800' }])).toMatchObject({
    texts: ['{"a":1}'],
    kept: ['lone_surrogate'],
  });
});

test('a table grows with its records: new fields become columns, integers become numbers and numbers text', async () => {
  const jsonSchema = { type: 'object', properties: { id: { type: 'integer' } } };
  for (const mode of ['full_refresh_overwrite', 'incremental_append', 'incremental_upsert'] as const) {
    const stream = new TestStream({ mode, jsonSchema, cursorField: null });
    const destination = world.connect();
    await wholeRun(destination, stream, [{ id: 1, amount: 5 }]);
    await wholeRun(destination, stream, [{ id: 2, amount: 5.25, tag: { a: 1 } }]);
    await wholeRun(destination, stream, [{ id: 3, amount: 'much' }]);
    const rows = await world.rows(stream.target.table);
    const last = { id: 3, amount: 'much', tag: null };
    expect(rows.sort((a, b) => Number(a.id) - Number(b.id))).toEqual(
      mode === 'full_refresh_overwrite'
        ? [last]
        : [{ id: 1, amount: '5', tag: null }, { id: 2, amount: '5.25', tag: { a: 1 } }, last],
    );
  }
});

test('cursors that are numbers compare as numbers in an upsert', async () => {
  const jsonSchema = { type: 'object', properties: { id: { type: 'integer' }, at: { type: 'number' } } };
  const stream = new TestStream({ mode: 'incremental_upsert', jsonSchema, cursorField: 'at', cursorOrder: 'number' });
  const destination = world.connect();
  await wholeRun(destination, stream, [{ id: 1, at: 9.5 }]);
  const second = await wholeRun(destination, stream, [
    { id: 1, at: 10 },
    { id: 1, at: 9.75 },
  ]);
  expect(await destination.inspect({ ref: second })).toMatchObject({ updated: 1, deduplicated: 1 });
  expect(await world.rows(stream.target.table)).toEqual([{ id: 1, at: '10' }]);
});

test('metadata columns say run, slice and change', async () => {
  const stream = new TestStream({ mode: 'incremental_upsert', metadata: ['run', 'slice', 'change', 'loaded_at'] });
  const destination = world.connect();
  await wholeRun(destination, stream, [{ id: 1, name: 'a', updated_at: '1' }]);
  const { runId } = await wholeRun(destination, stream, [
    { id: 1, name: 'b', updated_at: '2' },
    { id: 2, name: 'c', updated_at: '2' },
  ]);
  const rows = await world.rows(stream.target.table);
  expect(rows.sort((a, b) => Number(a.id) - Number(b.id))).toMatchObject([
    { _sluice_run: runId, _sluice_slice: 'all', _sluice_change: 'update' },
    { _sluice_run: runId, _sluice_slice: 'all', _sluice_change: 'insert' },
  ]);
});

test('nested objects are flattened where the sync asks for it, new fields inside them too', async () => {
  const jsonSchema = {
    type: 'object',
    properties: { id: { type: 'integer' }, owner: { type: 'object', properties: { name: { type: 'string' } } } },
  };
  const stream = new TestStream({ mode: 'incremental_upsert', jsonSchema, cursorField: null, nested: 'flatten' });
  const destination = world.connect();
  await wholeRun(destination, stream, [{ id: 1, owner: { name: 'a', age: 3 } }, { id: 2 }]);
  const rows = await world.rows(stream.target.table);
  expect(rows.sort((a, b) => Number(a.id) - Number(b.id))).toEqual([
    { id: 1, owner__name: 'a', owner__age: 3 },
    { id: 2, owner__name: null, owner__age: null },
  ]);
});
