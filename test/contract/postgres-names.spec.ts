import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { TestStream, wholeRun } from './destination-world.js';
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

const schemaOf = (fields: readonly string[]) => ({
  properties: Object.fromEntries(fields.map((field) => [field, { type: 'integer' }])),
});

/** In the order of the columns. */
async function rows(table: string): Promise<SourceRecord[]> {
  const { rows: found } = await world.sql.query<{ row: SourceRecord }>(
    `SELECT to_json("a row") AS row FROM "${table}" "a row" ORDER BY ctid`,
  );
  return found.map(({ row }) => row);
}

test.each(['incremental_append', 'incremental_upsert', 'full_refresh_overwrite'] as const)(
  'fields of any name are loaded, those that PostgreSQL refuses under a name near them: %s',
  async (mode) => {
    const [long, other] = [`${'k'.repeat(200)}1`, `${'k'.repeat(200)}2`];
    const fields = [long, other, '!!! ???', '', 'ctid', 'a\0b', 'a_b', ' id"; --'];
    const stream = new TestStream({ mode, jsonSchema: schemaOf(fields), primaryKey: [long], cursorField: other });
    const record = Object.fromEntries(fields.map((field, n) => [field, n]));
    await wholeRun(destination, stream, [record]);
    const [row] = await rows(stream.target.table);
    expect(Object.values(row ?? {})).toEqual(fields.map((_, n) => n));
    const names = Object.keys(row ?? {});
    expect(names.slice(2)).toEqual(['!!! ???', '_', 'ctid_', expect.stringMatching(/^a_b_[0-9a-f]{8}$/), 'a_b', ' id"; --']);
    expect(names[0]).toMatch(/^k{54}_[0-9a-f]{8}$/);

    // A new field that would like a name which another one has does not get it, and nobody loses theirs.
    const grown = new TestStream({
      ...stream.target,
      jsonSchema: schemaOf([names[3] ?? '', ...fields]),
    });
    Object.assign(grown, { base: (stream as unknown as { base: unknown }).base, epoch: 1 });
    await wholeRun(destination, grown, [{ ...record, [other]: 9, _: 50 }]);
    const latest = (await rows(stream.target.table)).at(-1) ?? {};
    expect(Object.keys(latest).slice(0, names.length)).toEqual(names);
    expect(latest._).toBe(3);
    expect(Object.entries(latest).find(([name]) => /^__[0-9a-f]{8}$/.test(name))?.[1]).toBe(50);
  },
);

test('a field may be called as what a merge calls its own things', async () => {
  const fields = ['found', 'line', 'older', 'same', 'cursor', 'fresh', 's', 't', "it's"];
  const stream = new TestStream({
    mode: 'incremental_upsert',
    jsonSchema: schemaOf(fields),
    primaryKey: ['found', 'line', 'older'],
    cursorField: 'same',
  });
  const record = Object.fromEntries(fields.map((field, n) => [field, n]));
  const changed = { ...record, cursor: 50 };
  for (const again of [record, record, changed, changed]) await wholeRun(destination, stream, [again]);
  expect(await rows(stream.target.table)).toEqual([changed]);
});
