import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import type { ContractPolicy } from '../../libs/contracts/schema-contract.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { isKeyed, WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { Decimal } from '../../libs/json/index.js';
import { item, items, page, slice, TestStream, wholeRun } from './destination-world.js';
import { evolvingRun } from './evolving-run.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
});
beforeEach(() => {
  destination = world.connect();
});
afterEach(() => destination.close());
afterAll(() => world.close());

/** Of the columns that records fill. */
async function types(table: string): Promise<Record<string, string>> {
  const { rows } = await world.sql.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`"${table}"`],
  );
  return Object.fromEntries(rows.filter(({ name }) => !name.startsWith('_sluice_')).map(({ name, type }) => [name, type]));
}
const quarantined = async (runId: string) => {
  const { rows } = await world.sql.query<{ reason: string; field: string | null; record: string }>(
    'SELECT reason, field, record::text FROM sluice.quarantine WHERE run_id = $1 ORDER BY id',
    [runId],
  );
  return rows.map(({ reason, field, record }) => ({ reason, field, id: (JSON.parse(record) as SourceRecord).id }));
};
const column = async (table: string, name: string) =>
  (await world.sql.query<{ v: string | null }>(`SELECT "${name}"::text AS v FROM "${table}" ORDER BY id`)).rows.map(({ v }) => v);

describe.each(WRITE_MODES)('%s', (mode) => {
  const withoutCursor = mode === 'scd2' ? {} : { cursorField: null };
  test.each(['exact', 'none'] as const)(
    'a stream without a schema gets its columns from its records, and more and wider ones as they come, resume %s',
    async (resume) => {
      const stream = new TestStream({ mode, resume, jsonSchema: {}, cursorField: 'at', cursorOrder: 'number' });
      const pages: SourceRecord[][] = [
        [
          { id: 1, at: 1, n: 1, b: true, s: 'x', nothing: null },
          { id: 2, at: 2, n: 2 },
        ],
        [{ id: 3, at: 3, n: 9_007_199_254_740_993n, list: [1] }],
        [
          { id: 4, at: 4, n: 1.5, b: false },
          { id: 5, at: 5, n: new Decimal('0.12345678901234567890'), more: 'm' },
        ],
        [{ id: 6, at: 6, n: 'six', b: 'maybe', list: 'none', s: 7 }],
        [{ id: 7, at: 7, n: null, list: { deep: [new Decimal('1.10')] }, nothing: 1 }],
      ];
      const { ref } = await evolvingRun(destination, stream, pages);
      const { table } = stream.target;
      expect(await types(table)).toEqual({
        ...{ id: 'bigint', at: 'bigint', n: 'text', b: 'text', s: 'text', list: 'jsonb', more: 'text', nothing: 'bigint' },
      });
      expect(await destination.inspect({ ref })).toMatchObject({ read: 7, inserted: 7, quarantined: 0 });
      expect(await column(table, 'id')).toEqual(['1', '2', '3', '4', '5', '6', '7']);
      expect(await column(table, 'n')).toEqual([...['1', '2', '9007199254740993', '1.5', '0.12345678901234567890', 'six', null]]);
      expect(await column(table, 'b')).toEqual(['true', null, null, 'false', null, 'maybe', null]);
      expect(await column(table, 'list')).toEqual([null, null, '[1]', null, null, '"none"', '{"deep": [1.10]}']);
      expect(await column(table, 's')).toEqual(['x', null, null, null, null, '7', null]);

      // The next run begins with what this one found out.
      const again = await evolvingRun(destination, stream, [[{ id: 8, at: 8, n: 8, b: true, list: [8], more: 8 }]]);
      expect(again.reopened).toBe(0);
      expect((await column(table, 'n')).at(-1)).toBe('8');
    },
  );

  test('fields of the first page cost no second reading', async () => {
    const stream = new TestStream({ mode, jsonSchema: {}, cursorField: mode === 'scd2' ? 'a' : null, cursorOrder: 'number' });
    expect(await evolvingRun(destination, stream, [[{ id: 1, a: 1 }], [{ id: 2, a: 2 }]])).toMatchObject({ reopened: 0 });
  });

  test('a record in a run where a table is made but none has a field is kept aside', async () => {
    if (isKeyed(mode)) return;
    const stream = new TestStream({ mode, jsonSchema: {}, cursorField: null, primaryKey: [] });
    const { ref } = await evolvingRun(destination, stream, [[{}, { a: null }]]);
    expect(await destination.inspect({ ref })).toMatchObject({ read: 2, quarantined: 2 });
    expect(await quarantined(ref.runId)).toMatchObject([{ reason: 'empty_record' }, { reason: 'empty_record' }]);
  });

  const BAD = [item(1), { ...item(2), id: 2, extra: 1 }, { ...item(3), name: 'a\0b' }, { ...item(4), when: 'soon' }, item(5)];
  const schema = {
    properties: {
      id: { type: 'integer' },
      name: { type: 'string' },
      updated_at: { type: 'string' },
      when: { type: 'string', format: 'date' },
    },
  };
  test.each<[ContractPolicy, Record<string, unknown>, [string, string][], Record<string, string>]>([
    ['evolve', { inserted: 4, quarantined: 1, discarded: 0 }, [['nul_character', 'name']], { when: 'text', extra: 'bigint' }],
    ['discard_value', { inserted: 5, quarantined: 0, discarded: 3 }, [], { when: 'date' }],
    [
      'quarantine',
      { inserted: 2, quarantined: 3, discarded: 0 },
      [
        ['new_field', 'extra'],
        ['nul_character', 'name'],
        ['type_conflict', 'when'],
      ],
      { when: 'date' },
    ],
  ])('what does not fit is subject to the contract: %s', async (policy, counts, kept, columns) => {
    const stream = new TestStream({ mode, jsonSchema: schema, contract: { newFields: policy, typeConflicts: policy } });
    const { ref } = await evolvingRun(destination, stream, [BAD.slice(0, 1), BAD.slice(1)]);
    expect(await destination.inspect({ ref })).toMatchObject({ read: 5, ...counts });
    expect((await quarantined(ref.runId)).map(({ reason, field }) => [reason, field])).toEqual(kept);
    expect(await types(stream.target.table)).toEqual({ id: 'bigint', name: 'text', updated_at: 'text', ...columns });
    if (policy === 'discard_value')
      expect(await column(stream.target.table, 'name')).toEqual(['item 1', 'item 2', null, 'item 4', 'item 5']);
  });

  test.each([
    ['a new field', BAD[1], 'extra'],
    ['a value of another type', BAD[3], 'when'],
    ['a character that no column holds', BAD[2], 'name'],
  ])('a frozen contract ends the run at %s, and what was there stays', async (_, bad, field) => {
    const stream = new TestStream({ mode, jsonSchema: schema, contract: { newFields: 'freeze', typeConflicts: 'freeze' } });
    await wholeRun(destination, stream, items(11, 13));
    const failure = wholeRun(destination, stream, [item(1), bad as SourceRecord]);
    await expect(failure).rejects.toMatchObject({ code: 'SCHEMA_FROZEN', detail: expect.stringContaining(field) });
    expect(await column(stream.target.table, 'id')).toEqual(['11', '12', '13']);
    const grown = { ...stream.target, jsonSchema: { properties: { ...schema.properties, extra: { type: 'number' } } } };
    await expect(destination.prepare({ ref: stream.nextRun(), target: grown })).rejects.toMatchObject({ code: 'SCHEMA_FROZEN' });
  });

  test('declared types are not changed by a value unless the contract says so', async () => {
    const stream = new TestStream({ mode, jsonSchema: schema });
    const { ref } = await evolvingRun(destination, stream, [[item(1), { ...item(2), when: 'soon' }], [item(3)]]);
    expect(await quarantined(ref.runId)).toMatchObject([{ reason: 'type_conflict', field: 'when', id: 2 }]);
    expect(await types(stream.target.table)).toMatchObject({ when: 'date' });
  });

  test('more fields than a table may grow to are kept aside, whole', async () => {
    const stream = new TestStream({ mode, ...withoutCursor });
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`f${n}`, n]));
    const { ref } = await evolvingRun(destination, stream, [[item(1), { ...item(2), ...wide }], [item(3)]]);
    expect(await destination.inspect({ ref })).toMatchObject({ read: 3, inserted: 2, quarantined: 1 });
    expect(await quarantined(ref.runId)).toMatchObject([{ reason: 'too_many_fields', id: 2 }]);
  });

  test('a record of 20 MB is loaded', async () => {
    const stream = new TestStream({ mode, ...withoutCursor });
    const { ref } = await evolvingRun(destination, stream, [[{ ...item(1), name: 'x'.repeat(20_000_000) }, item(2)]]);
    expect(await destination.inspect({ ref })).toMatchObject({ read: 2, inserted: 2 });
    const { rows } = await world.sql.query(`SELECT length(name) AS chars FROM "${stream.target.table}" WHERE id = 1`);
    expect(rows).toEqual([{ chars: 20_000_000 }]);
  });
});

test('a cursor without a schema gives the times of validity its type, once it has one', async () => {
  const stream = new TestStream({ mode: 'scd2', jsonSchema: {}, cursorField: 'at', cursorOrder: 'number' });
  await evolvingRun(destination, stream, [
    [
      { id: 1, at: 9, n: 1 },
      { id: 1, at: 10, n: 'two' },
    ],
  ]);
  const { rows } = await world.sql.query(
    `SELECT pg_typeof(_sluice_valid_from)::text AS type, _sluice_valid_from::int AS since, _sluice_valid_to::int AS until
     FROM "${stream.target.table}" ORDER BY since`,
  );
  expect(rows).toEqual([
    { type: 'bigint', since: 9, until: 10 },
    { type: 'bigint', since: 10, until: null },
  ]);
});

test('keys without a schema are remembered in the type that they turn out to have', async () => {
  const deletes = { as: 'soft', missing: 'hard', allowEmpty: false } as const;
  const stream = new TestStream({ mode: 'incremental_upsert', jsonSchema: {}, cursorField: null, deletes });
  await evolvingRun(destination, stream, [[{ id: 1 }], [{ id: 2 }]]);
  await evolvingRun(destination, stream, [[{ id: 2 }]]);
  expect(await column(stream.target.table, 'id')).toEqual(['2']);
});

test('keys that no index takes are kept aside: missing ones, and those that are too long', async () => {
  const jsonSchema = { properties: { id: { type: 'string' }, name: { type: 'string' } } };
  const stream = new TestStream({ mode: 'incremental_upsert', jsonSchema, cursorField: null });
  const long = Array.from({ length: 400 }, (_, n) => `${n}-${(n * 7919) % 1_000}`).join('é');
  const { ref } = await evolvingRun(destination, stream, [
    [{ id: null }, { name: 'no id' }, { id: long }, { id: 'a', name: '1' }, { id: 'a', name: '2' }],
  ]);
  expect((await quarantined(ref.runId)).map(({ reason }) => reason)).toEqual(['null_key', 'null_key', 'key_too_long']);
  expect(await destination.inspect({ ref })).toMatchObject({ inserted: 1, deduplicated: 1, quarantined: 3 });
});

test('a cursor that is no number where numbers are compared is kept aside', async () => {
  const jsonSchema = { properties: { id: { type: 'integer' }, at: { type: 'string' } } };
  const stream = new TestStream({ mode: 'incremental_upsert', jsonSchema, cursorField: 'at', cursorOrder: 'number' });
  const { ref } = await evolvingRun(destination, stream, [
    [
      { id: 1, at: '5' },
      { id: 2, at: 'soon' },
    ],
  ]);
  expect(await quarantined(ref.runId)).toMatchObject([{ reason: 'type_conflict', field: 'at', id: 2 }]);
});

test('two writers of a stream: one makes the table grow, the other reads on with the new columns', async () => {
  const stream = new TestStream({ mode: 'incremental_append', cursorField: null });
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  const other = world.connect();
  try {
    const first = await destination.open({ ref, target, slice: slice('a'), fence: 1 });
    const second = await other.open({ ref, target, slice: slice('b'), fence: 1 });
    await first.write(page([{ ...item(1), extra: 1 }], { at: 1 }));
    await second.write(page([item(2)], { at: 1 }));
    await expect(second.complete({ at: 1 }, () => null)).rejects.toMatchObject({ code: 'SCHEMA_MOVED', retryable: true });
    await second.close();
    await first.complete({ at: 1 }, () => null);
    await first.close();
    const again = await other.open({ ref, target, slice: slice('b'), fence: 2 });
    expect(again.position).toBeNull();
    await again.write(page([item(2)], { at: 1 }));
    await again.complete({ at: 1 }, () => null);
    await again.close();
  } finally {
    await other.close();
  }
  await destination.finish({ ref, target });
  expect(await column(target.table, 'extra')).toEqual(['1', null]);
});

test('a column that was there before the stream is never changed', async () => {
  const stream = new TestStream({
    mode: 'incremental_append',
    cursorField: null,
    contract: { typeConflicts: 'evolve' },
  });
  const { table } = stream.target;
  await world.sql.query(`CREATE TABLE "${table}" (id integer, name text)`);
  const { ref } = await evolvingRun(destination, stream, [[item(1), { ...item(2), id: 3_000_000_000 }]]);
  expect(await quarantined(ref.runId)).toMatchObject([{ reason: 'type_conflict', field: 'id' }]);
  await evolvingRun(destination, stream, [[item(4)]]);
  expect(await types(table)).toMatchObject({ id: 'integer' });
});

test('a table that something depends on says so when its type cannot change, and keeps its rows', async () => {
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema: {}, cursorField: null, primaryKey: [] });
  await evolvingRun(destination, stream, [[{ id: 1, v: 1 }]]);
  const { table } = stream.target;
  await world.sql.query(`CREATE VIEW "v_${table}" AS SELECT v FROM "${table}"`);
  await expect(evolvingRun(destination, stream, [[{ id: 2, v: 'two' }]])).rejects.toMatchObject({
    code: 'TABLE_SHAPE_CONFLICT',
    detail: expect.stringContaining('column v to text'),
  });
  expect(await column(table, 'v')).toEqual(['1']);
});
