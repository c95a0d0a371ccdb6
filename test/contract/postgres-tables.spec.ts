import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import { byId, item, items, page, slice, TestStream, wholeRun } from './destination-world.js';
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

const overwrite = (): TestStream => new TestStream({ mode: 'full_refresh_overwrite' });
const one = async (sql: string): Promise<unknown> =>
  Object.values((await world.sql.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0];
const oidOf = (table: string): Promise<unknown> => one(`SELECT '"${table}"'::regclass::oid AS oid`);

describe('a table that takes the old one’s place', () => {
  test('keeps grants, comments and indexes', async () => {
    const stream = overwrite();
    const { table } = stream.target;
    await wholeRun(destination, stream, items(1, 3));
    const before = await oidOf(table);
    await world.sql.query(`
      DROP ROLE IF EXISTS reporter; CREATE ROLE reporter;
      GRANT SELECT ON "${table}" TO reporter WITH GRANT OPTION; GRANT SELECT, INSERT ON "${table}" TO PUBLIC;
      COMMENT ON TABLE "${table}" IS 'it''s ours'; COMMENT ON COLUMN "${table}".name IS 'a name';
      CREATE INDEX "by USING name" ON "${table}" (lower(name) text_pattern_ops) INCLUDE (id) WHERE id > 1;
      COMMENT ON INDEX "by USING name" IS 'for search';
      ALTER TABLE "${table}" ADD CONSTRAINT only_once UNIQUE (id)`);
    const facts = `SELECT jsonb_build_object(
        'acl', (SELECT relacl::text FROM pg_class WHERE oid = t.oid),
        'comment', obj_description(t.oid), 'column', col_description(t.oid, 2),
        'indexes', (SELECT jsonb_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE tablename = '${table}'),
        'index comment', obj_description('"by USING name"'::regclass),
        'keys', (SELECT jsonb_agg(conname || pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = t.oid AND contype = 'u'))
      FROM (SELECT '"${table}"'::regclass::oid) t`;
    const kept = await one(facts);
    await wholeRun(destination, stream, items(2, 5));
    expect(await oidOf(table)).not.toBe(before);
    expect(await one(facts)).toEqual(kept);
    expect(byId(await world.rows(table))).toEqual([2, 3, 4, 5]);
    expect(await one(`SELECT count(*)::int FROM pg_class WHERE relname LIKE 'generation%'`)).toBe(0);
    await world.sql.query(`DROP TABLE "${table}"; DROP ROLE reporter`);
  });

  test.each([
    ['a view', `CREATE VIEW "v_$t" AS SELECT * FROM "$t"`],
    [
      'a foreign key',
      `ALTER TABLE "$t" ADD PRIMARY KEY (id); CREATE TABLE "f_$t" (id bigint REFERENCES "$t" DEFERRABLE INITIALLY DEFERRED)`,
    ],
    ['a trigger', `CREATE TRIGGER n BEFORE UPDATE ON "$t" FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`],
    ['a column of the user’s own with a default', `ALTER TABLE "$t" ADD COLUMN loaded_at timestamptz DEFAULT now()`],
    ['a publication', `ALTER TABLE "$t" REPLICA IDENTITY FULL; CREATE PUBLICATION "p_$t" FOR TABLE "$t"`],
    ['another table of its row type', `CREATE TABLE "r_$t" (was "$t"[])`],
    ['a check', `ALTER TABLE "$t" ADD CHECK (id > 0)`],
    ['row security', `ALTER TABLE "$t" ENABLE ROW LEVEL SECURITY`],
    ['column grants', `GRANT SELECT (id) ON "$t" TO PUBLIC`],
    ['a function that names it', `CREATE FUNCTION "fn_$t"() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM "$t"; END`],
  ])('stays the same table when there is %s', async (_, statements) => {
    const stream = overwrite();
    const { table } = stream.target;
    await wholeRun(destination, stream, items(1, 3));
    const before = await oidOf(table);
    await world.sql.query(statements.replaceAll('$t', table));
    await wholeRun(destination, stream, items(2, 5));
    expect(await oidOf(table)).toBe(before);
    expect(byId(await world.rows(table))).toEqual([2, 3, 4, 5]);
  });

  test('cannot be changed in place while it is published without a replica identity, and stays as it was', async () => {
    const stream = overwrite();
    const { table } = stream.target;
    await wholeRun(destination, stream, items(1, 3));
    await world.sql.query(`CREATE PUBLICATION "p_${table}" FOR TABLE "${table}"`);
    await expect(wholeRun(destination, stream, items(2, 5))).rejects.toMatchObject({
      code: 'DESTINATION_UNSUPPORTED',
      detail: expect.stringContaining('replica identity'),
    });
    expect(byId(await world.rows(table))).toEqual([1, 2, 3]);
  });

  test('is not waited for: a reader that holds the table gets its rows changed in place', async () => {
    const stream = overwrite();
    const { table } = stream.target;
    await wholeRun(destination, stream, items(1, 3));
    await world.sql.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM "${table}"`);
    const began = Date.now();
    await wholeRun(destination, stream, items(2, 5));
    expect(Date.now() - began).toBeLessThan(12_000);
    expect(byId(await world.rows(table))).toEqual([1, 2, 3]);
    await world.sql.query('COMMIT');
    expect(byId(await world.rows(table))).toEqual([2, 3, 4, 5]);
  });
});

describe('a table that exists already', () => {
  test('is appended to, and its other columns keep their defaults', async () => {
    const stream = new TestStream({ mode: 'incremental_append' });
    const { table } = stream.target;
    await world.sql.query(
      `CREATE TABLE "${table}" (source text DEFAULT 'us', id integer NOT NULL, name varchar); INSERT INTO "${table}" VALUES ('them', 0)`,
    );
    await wholeRun(destination, stream, items(1, 2));
    expect((await world.rows(table)).map(({ id, source, updated_at }) => [id, source, updated_at])).toEqual([
      [0, 'them', null],
      [1, 'us', '2026-01-01'],
      [2, 'us', '2026-01-02'],
    ]);
  });

  test.each([
    ['with a column of another type', 'CREATE TABLE "$t" (id text)', /id is text/],
    ['with a column that rounds', 'CREATE TABLE "$t" (id double precision)', /id is double precision/],
    ['with a column that must be given', 'CREATE TABLE "$t" (id bigint, must text NOT NULL)', /must/],
    ['with a computed column', 'CREATE TABLE "$t" (x bigint, id bigint GENERATED ALWAYS AS (x) STORED)', /computed/],
    ['that is a view', 'CREATE VIEW "$t" AS SELECT 1 AS id', /ordinary table/],
  ])('%s is refused', async (_, statement, words) => {
    const stream = overwrite();
    await world.sql.query(statement.replaceAll('$t', stream.target.table));
    const refused = destination.prepare({ ref: stream.nextRun(), target: stream.target });
    await expect(refused).rejects.toMatchObject({ code: 'TABLE_SHAPE_CONFLICT', detail: expect.stringMatching(words) });
  });

  test('without a unique index is refused for an upsert, and taken with one', async () => {
    const stream = new TestStream({ mode: 'incremental_upsert', primaryKey: ['name', 'id'] });
    const { table } = stream.target;
    const unique = (columns: string, rest = '') => world.sql.query(`CREATE UNIQUE INDEX ON "${table}" (${columns}) ${rest}`);
    await world.sql.query(`CREATE TABLE "${table}" (id bigint, name text, updated_at text)`);
    await unique('id');
    await unique('id, name', 'WHERE id > 1');
    await unique('id, lower(name)');
    const refused = destination.prepare({ ref: stream.nextRun(), target: stream.target });
    await expect(refused).rejects.toMatchObject({
      code: 'TABLE_SHAPE_CONFLICT',
      detail: expect.stringContaining('CREATE UNIQUE INDEX'),
    });
    await unique('id, name');
    await wholeRun(destination, stream, [item(1, 1, 'a'), item(1, 1, 'a')]);
    expect(await world.rows(table)).toHaveLength(1);
  });

  test('gets new columns when the stream has new fields, and a writer that does not know them is refused', async () => {
    const stream = new TestStream({ mode: 'incremental_append' });
    await wholeRun(destination, stream, items(1, 2));
    const properties = { ...stream.target.jsonSchema.properties, extra: { type: 'number' } };
    const target = { ...stream.target, jsonSchema: { properties } };
    const ref = stream.nextRun();
    expect(await destination.prepare({ ref, target: stream.target })).toMatchObject({ schemaVersion: 1 });
    const old = await destination.open({ ref, target: stream.target, slice: slice(), fence: 1 });
    expect(await destination.prepare({ ref, target })).toMatchObject({ schemaVersion: 2 });
    await expect(
      (async () => {
        await old.write(page(items(3, 4), { after: 4 }));
        await old.complete({ after: 4 }, () => null);
      })(),
    ).rejects.toMatchObject({ code: 'SCHEMA_MOVED' });
    await old.close();
    expect(
      await one(
        `SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = '"${target.table}"'::regclass AND attname = 'extra'`,
      ),
    ).toBe('numeric');
  });
});
