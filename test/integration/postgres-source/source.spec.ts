import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { rowsOf } from '../../../libs/pipeline/index.js';
import { stringifyJson } from '../../../libs/json/index.js';
import { pages, plan, readAll, readNew, sourceWorld, type SourceWorld } from './source-world.js';

let world: SourceWorld;
beforeAll(async () => {
  world = await sourceWorld();
});
afterAll(() => world?.close());

/** Whole messages. */
function framesIn(body: Buffer): number {
  let [count, at] = [0, 0];
  for (; at < body.length; count += 1) {
    expect(body[at]).toBe(0x64);
    at += 1 + body.readUInt32BE(at + 1);
  }
  expect(at).toBe(body.length);
  return count;
}

describe('discovery', () => {
  it('lists tables and views of the schemas with keys, cursors and types', async () => {
    await world.sql.query(`
      CREATE SCHEMA sales;
      CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE DOMAIN price AS numeric(10, 2);
      CREATE TABLE typed (id bigint PRIMARY KEY, n price NOT NULL, t timestamptz, ts timestamp, d date, h time, u uuid, b bytea, j jsonb, a int[], m mood, ok boolean, updated_at timestamptz NOT NULL);
      CREATE TABLE sales.lines (order_id int, line int, PRIMARY KEY (order_id, line));
      CREATE VIEW plain AS SELECT 1 AS one, now() AS updated_at;
      CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)`);
    const { streams } = await world.open({ schemas: ['public', 'sales'], cursors: { 'sales.lines': 'order_id' } }).discover();
    expect(streams.map(({ name }) => name)).toEqual(['parts', 'plain', 'typed', 'sales.lines']);
    expect(streams.find(({ name }) => name === 'typed')).toMatchObject({
      primaryKey: ['id'],
      cursorField: 'updated_at',
      cursorOrder: 'text',
      resume: 'exact',
      jsonSchema: {
        properties: {
          id: { type: 'integer' },
          n: { type: 'number' },
          t: { type: ['null', 'string'], format: 'date-time' },
          ts: { airbyte_type: 'timestamp_without_timezone' },
          d: { format: 'date' },
          h: { format: 'time', airbyte_type: 'time_without_timezone' },
          u: { format: 'uuid' },
          b: { contentEncoding: 'base64' },
          j: {},
          a: { type: ['null', 'array'] },
          m: { type: ['null', 'string'] },
          ok: { type: ['null', 'boolean'] },
        },
      },
    });
    expect(streams.find(({ name }) => name === 'plain')).toMatchObject({
      ...{ primaryKey: [], resume: 'none', cursorField: 'updated_at' },
      modes: ['full_refresh_overwrite', 'full_refresh_append', 'incremental_append'],
    });
    expect(streams.find(({ name }) => name === 'sales.lines')).toMatchObject({ cursorField: 'order_id', cursorOrder: 'number' });
  });

  it('says which tables the role may not read, and reads none of them', async () => {
    await world.sql.query(`CREATE TABLE hidden (id int); CREATE ROLE reader_${process.pid} LOGIN PASSWORD 'secret-word'`);
    const source = world.open({ user: `reader_${process.pid}`, password: 'secret-word' });
    const { streams } = await source.discover();
    expect(streams.find(({ name }) => name === 'hidden')?.unavailable).toContain('GRANT');
    await expect(readAll(source, 'hidden')).rejects.toMatchObject({ code: 'SOURCE_PERMISSION_DENIED' });
  });
});

describe('records', () => {
  it('have every value as it is, whatever is in it', async () => {
    await world.sql.query(`
      CREATE TABLE odd (id int PRIMARY KEY, big bigint, dec numeric, f float8, s text, t timestamptz, ts timestamp, b bytea, j jsonb, a text[], ok boolean, i interval, "q""uote" text, ip inet, net cidr);
      INSERT INTO odd VALUES
        (1, 9007199254740993, 0.10, 1e300, E'a\\tb\\nc\\\\d\\\\N', '2026-01-02 03:04:05.123456+02', '2026-01-02 03:04:05', '\\xdeadbeef', '{"x":[1,"a\\tb"],"n":1234567890123456789012345}', '{a,NULL,"b c"}', true, '1 day 2 hours', 'é', '10.0.0.1', '10.1.0.0/16'),
        (2, NULL, 'NaN', 'Infinity', '', 'infinity', NULL, '', 'null', '{}', false, NULL, NULL, '10.0.0.1/8', '10.1.0.0/32')`);
    const [first, second] = await readAll(world.open(), 'odd');
    expect(JSON.parse(stringifyJson({ ...first, big: String(first?.['big']), dec: String(first?.['dec']) }))).toEqual({
      ...{ id: 1, big: '9007199254740993', dec: '0.10', f: 1e300, s: 'a\tb\nc\\d\\N', t: '2026-01-02T01:04:05.123456+00:00' },
      ...{
        ts: '2026-01-02T03:04:05',
        b: '3q2+7w==',
        j: { x: [1, 'a\tb'], n: Number('1234567890123456789012345') },
        a: ['a', null, 'b c'],
      },
      ...{ ok: true, i: 'P1DT2H', 'q"uote': 'é', ip: '10.0.0.1', net: '10.1.0.0/16' },
    });
    expect(JSON.parse(stringifyJson(second))).toMatchObject({
      big: null,
      dec: 'NaN',
      f: 'Infinity',
      s: '',
      t: 'infinity',
      b: '',
      j: null,
      a: [],
      ok: false,
      ip: '10.0.0.1/8',
      net: '10.1.0.0/32',
    });
  });

  it('of 20 MB come whole, beside small ones', async () => {
    await world.sql.query(
      `CREATE TABLE large (id int PRIMARY KEY, s text); INSERT INTO large SELECT n, CASE n WHEN 2 THEN repeat('x', 20000000) ELSE 'y' END FROM generate_series(1, 3) n`,
    );
    const records = await readAll(world.open(), 'large');
    expect(records.map(({ s }) => (s as string).length)).toEqual([1, 20_000_000, 1]);
  });

  it('an empty table is one slice without a page', async () => {
    await world.sql.query('CREATE TABLE nothing (id int PRIMARY KEY)');
    expect(await readAll(world.open(), 'nothing')).toEqual([]);
  });
});

describe('a full read', () => {
  beforeAll(async () => {
    await world.sql.query(`
      CREATE TABLE rows (a int, b text, filler text, PRIMARY KEY (a, b));
      INSERT INTO rows SELECT n / 3, 'k' || n, repeat('f', 400) FROM generate_series(1, 9000) n`);
  });

  it.each(['without statistics', 'with statistics'])('in ranges of the key has every row once, %s', async (when) => {
    if (when === 'with statistics') await world.sql.query('ANALYZE rows');
    const source = world.open({}, 256 * 1024);
    const slices = await plan(source, 'rows');
    expect(slices.length).toBeGreaterThan(5);
    const keys = (await readAll(source, 'rows')).map(({ b }) => b);
    expect(keys.length).toBe(9_000);
    expect(new Set(keys).size).toBe(9_000);
  });

  it.each([
    ['records', undefined],
    ['copy_text', ['copy_text' as const]],
    ['copy_binary', ['copy_binary' as const, 'copy_text' as const]],
  ])('goes on exactly after any page, as %s', async (format, formats) => {
    const source = world.open();
    const columns = [
      { field: 'b', type: 'text', required: true },
      { field: 'a', type: 'bigint', required: true },
      { field: 'filler', type: 'text', required: false },
    ];
    const accept = formats && { accept: { formats, columns, unique: ['a', 'b'], filler: true } };
    const [slice] = await plan(source, 'rows');
    if (!slice) throw new Error('no slice');
    const whole = await pages(source, 'rows', slice, accept);
    expect(whole.length).toBeGreaterThan(3);
    expect(new Set(whole.map((page) => page.format))).toEqual(new Set([format]));
    expect(whole.reduce((sum, page) => sum + rowsOf(page), 0)).toBe(9_000);
    for (const page of whole) if ('body' in page) expect(framesIn(page.body)).toBe(page.rows);
    let before = 0;
    for (const page of whole) {
      before += rowsOf(page);
      const rest = await pages(source, 'rows', slice, { position: page.position, ...accept });
      expect(before + rest.reduce((sum, { ...one }) => sum + rowsOf(one), 0)).toBe(9_000);
    }
  });

  it('gives records where a writer’s column cannot hold what the table has, or a key may be null', async () => {
    const source = world.open();
    const [slice] = await plan(source, 'rows');
    if (!slice) throw new Error('no slice');
    const column = { field: 'a', type: 'bigint', required: false };
    for (const accept of [
      {
        formats: ['copy_text' as const],
        columns: [column, { field: 'b', type: 'uuid', required: false }],
        unique: null,
        filler: false,
      },
      {
        formats: ['copy_text' as const],
        columns: [column, { field: 'b', type: 'text', required: false }, { field: 'filler', type: 'text', required: true }],
        unique: null,
        filler: false,
      },
      {
        formats: ['copy_text' as const],
        columns: [column, { field: 'b', type: 'text', required: true }],
        unique: ['a'],
        filler: false,
      },
      { formats: ['copy_text' as const], columns: [column], unique: null, filler: false },
    ])
      expect((await pages(source, 'rows', slice, { accept }))[0]?.format).toBe('records');
  });

  it('stops when it is told to, and its session is gone', async () => {
    const source = world.open();
    const [slice] = await plan(source, 'rows');
    if (!slice) throw new Error('no slice');
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of source.read({ stream: 'rows', slice, position: null, signal: stop.signal }))
        stop.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
    expect((await readAll(source, 'rows')).length).toBe(9_000);
  });
});

describe('an incremental read', () => {
  it('by a time ends below the oldest transaction, and has what it committed later', async () => {
    await world.sql.query('CREATE TABLE timed (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now())');
    const source = world.open({ cursor_lag_seconds: 0 });
    const writer = new pg.Client({ connectionString: world.url.href });
    await writer.connect();
    await world.sql.query('INSERT INTO timed VALUES (1)');
    await writer.query('BEGIN; INSERT INTO timed VALUES (2)');
    await world.sql.query('INSERT INTO timed VALUES (3)');
    const first = await readNew(source, 'timed', null);
    expect(first.records.map(({ id }) => id)).toEqual([1]);
    await writer.query('COMMIT');
    const second = await readNew(source, 'timed', first.state);
    expect(second.records.map(({ id }) => id)).toEqual([2, 3]);
    await world.sql.query('UPDATE timed SET updated_at = clock_timestamp() WHERE id = 1');
    expect((await readNew(source, 'timed', second.state)).records.map(({ id }) => id)).toEqual([1]);
    await writer.end();
  });

  it('by an integer waits for the transactions that ran when its end was seen', async () => {
    await world.sql.query('CREATE TABLE counted (id bigserial PRIMARY KEY, s text)');
    const source = world.open({ cursors: { counted: 'id' } });
    const writer = new pg.Client({ connectionString: world.url.href });
    await writer.connect();
    await writer.query(`BEGIN; INSERT INTO counted (s) VALUES ('late')`);
    await world.sql.query(`INSERT INTO counted (s) VALUES ('early')`);
    const request = { stream: 'counted', state: null, now: '', incremental: true };
    const begun = await source.slices({ ...request, after: null });
    expect(begun).toMatchObject({ slices: [], next: { upper: '2' } });
    await expect(source.slices({ ...request, after: begun.next })).rejects.toMatchObject({ code: 'SOURCE_NOT_READY' });
    await writer.query('COMMIT');
    const { records, state } = await readNew(source, 'counted', null);
    expect(records.map(({ s }) => s)).toEqual(['late', 'early']);
    // its last value is read again: another row may have it
    expect((await readNew(source, 'counted', state)).records.map(({ id }) => id)).toEqual([2]);
    await writer.end();
  });
});

describe('states by hand', () => {
  it('are those of the stream’s cursor, and read times from one to another', async () => {
    await world.sql.query(`
      CREATE TABLE dated (id int PRIMARY KEY, updated_at timestamptz NOT NULL);
      INSERT INTO dated SELECT n, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 day' FROM generate_series(0, 9) n;
      CREATE TABLE undated (id int PRIMARY KEY)`);
    const source = world.open();
    const states = source.states as NonNullable<typeof source.states>;
    const range = { from: '2026-01-03T01:00:00+01:00', to: '2026-01-05' };
    const { records, state } = await readNew(source, 'dated', await states.between({ stream: 'dated', ...range }));
    expect(records.map(({ id }) => id)).toEqual([3 - 1, 3, 4]);
    expect((await readNew(source, 'dated', state)).records).toEqual([]);
    const open = await states.between({ stream: 'dated', from: '2026-01-09', to: null });
    expect(states.show(open)).toEqual({ cursor: 'updated_at', order: 'text', upto: '2026-01-09 00:00:00.000000', done: [] });
    expect(await states.read({ stream: 'dated', state: states.show(open) })).toEqual(open);
    expect((await readNew(source, 'dated', open)).records.map(({ id }) => id)).toEqual([8, 9]);
    await expect(states.read({ stream: 'dated', state: { ...open, upto: '2026-02-30' } })).rejects.toMatchObject({
      ...{ code: 'STATE_INVALID', errors: [{ path: '/upto' }] },
    });
    await expect(states.between({ stream: 'undated', from: '1', to: null })).rejects.toMatchObject({
      code: 'STATE_NOT_POSSIBLE',
    });
    await expect(states.read({ stream: 'nowhere', state: null })).rejects.toMatchObject({ code: 'UNKNOWN_STREAM' });
  });
});

describe('what is wrong', () => {
  it.each([
    ['SOURCE_UNREACHABLE', { port: 9 }],
    ['SOURCE_AUTH_FAILED', { user: 'nobody_of_that_name', password: 'secret-word' }],
    ['SOURCE_UNSUPPORTED', { database: 'no_such_database' }],
  ])('is %s', async (code, config) => {
    await expect(world.open(config).check()).rejects.toMatchObject({ code });
  });

  it('a table or a column that is gone is SOURCE_SHAPE_CHANGED', async () => {
    await world.sql.query('CREATE TABLE going (id int PRIMARY KEY, s text)');
    const source = world.open();
    const [slice] = await plan(source, 'going');
    if (!slice) throw new Error('no slice');
    await world.sql.query('DROP TABLE going');
    await expect(pages(source, 'going', slice)).rejects.toMatchObject({ code: 'SOURCE_SHAPE_CHANGED' });
    await expect(plan(world.open(), 'going')).rejects.toMatchObject({ code: 'SOURCE_SHAPE_CHANGED' });
  });

  it('it cannot write, even as a superuser', async () => {
    await world.sql.query(
      `CREATE TABLE touched (n int); CREATE FUNCTION touch() RETURNS int LANGUAGE sql AS 'INSERT INTO public.touched VALUES (1) RETURNING 1'; CREATE VIEW sneaky AS SELECT touch() AS n`,
    );
    await expect(readAll(world.open(), 'sneaky')).rejects.toMatchObject({ details: { sqlstate: '25006' } });
    expect((await world.sql.query('SELECT FROM touched')).rowCount).toBe(0);
  });
});
