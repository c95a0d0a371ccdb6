import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Destination, StreamTarget } from '../../../libs/contracts/destination.port.js';
import type { Page, Source } from '../../../libs/contracts/source.port.js';
import type { Position, StreamDescriptor, StreamState } from '../../../libs/contracts/stream.js';
import { TestStream } from '../../contract/destination-world.js';
import { postgresWorld, type PostgresWorld } from '../../contract/postgres-world.js';
import { plan, sourceWorld, type SourceWorld } from './source-world.js';

let world: SourceWorld;
let warehouse: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await sourceWorld();
  warehouse = await postgresWorld();
  destination = warehouse.connect();
});
afterAll(async () => {
  await destination?.close();
  await Promise.all([world?.close(), warehouse?.close()]);
});

type How = 'lines' | 'records';

/** A stream's own way into a table; each call is a run. */
function loader(source: Source, descriptor: StreamDescriptor, target: Partial<StreamTarget> & Pick<StreamTarget, 'mode'>) {
  const { jsonSchema, primaryKey, cursorField, cursorOrder, resume } = descriptor;
  const stream = new TestStream({ jsonSchema, primaryKey, cursorField, cursorOrder, resume, ...target });
  let state: StreamState = null;
  let runId = '';
  return {
    table: stream.target.table,
    async run(how: How): Promise<Set<Page['format']>> {
      const ref = stream.nextRun();
      ({ runId } = ref);
      const formats = new Set<Page['format']>();
      await destination.prepare({ ref, target: stream.target });
      for (const slice of await plan(source, descriptor.name, { state, incremental: true })) {
        const writer = await destination.open({ ref, target: stream.target, slice, fence: 1 });
        let position: Position | null = null;
        const { signal } = new AbortController();
        const request = { stream: descriptor.name, slice, position: null, signal, lines: how === 'lines' };
        for await (const page of source.read(request)) {
          formats.add(page.format);
          await writer.write(page);
          ({ position } = page);
        }
        const next = (before: StreamState): StreamState =>
          source.complete({ stream: descriptor.name, slice, position, state: before });
        await writer.complete(position, next);
        state = next(state);
        await writer.close();
      }
      await destination.finish({ ref, target: stream.target });
      return formats;
    },
    async loaded(): Promise<unknown> {
      const rows = await warehouse.sql.query<{ row: string }>(`SELECT t::text AS row FROM "${stream.target.table}" t ORDER BY 1`);
      const aside = await warehouse.sql.query(
        `SELECT reason, field, record::text FROM sluice.quarantine WHERE run_id = $1 ORDER BY 1, 2, 3`,
        [runId],
      );
      return { rows: rows.rows.map(({ row }) => row), aside: aside.rows };
    },
  };
}

async function descriptorOf(source: Source, name: string): Promise<StreamDescriptor> {
  const found = (await source.discover()).streams.find((stream) => stream.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

describe('lines that nobody has decoded', () => {
  beforeAll(() =>
    world.sql.query(
      `
      CREATE TYPE shade AS ENUM ('light', 'dark');
      CREATE TYPE pair AS (x int, y text);
      CREATE TABLE every (id bigint PRIMARY KEY, i2 int2, i4 int4, o oid, n numeric, n2 numeric(12, 4), f4 float4, f8 float8, ok boolean, s text, v varchar(20), c char(5), u uuid,
        d date, t timestamptz, ts timestamp, h time, hz timetz, b bytea, j json, jb jsonb, a int[], p pair, e shade, i interval, ip inet, updated_at timestamptz NOT NULL);
      INSERT INTO every SELECT n, n, -n, n, n / 7.0, n / 3.0, n / 7.0, n * 1e12, n % 2 = 0, E'a\\tb\\nc\\\\' || n, 'v' || n, 'c', gen_random_uuid(), date '2026-01-01' + n, now(), now(), localtime, current_time,
        decode(md5(n::text), 'hex'), ('{"a": ' || n || ', "b": "x\\u00e9\\n", "a": 2}')::json, jsonb_build_object('k', n / 3.0, 's', E'\\t"\\\\é'), ARRAY[n, NULL], (n, 'a"b')::pair, 'dark', '1 day', '::1',
        '2026-01-01'::timestamptz + (n / 3) * interval '1 second' FROM generate_series(1, 3000) n;
      INSERT INTO every (id, updated_at) VALUES (4001, '2026-01-01'), (4002, '2026-01-02');
      INSERT INTO every (id, n, f4, f8, s, d, t, ts, h, hz, b, j, jb, a, updated_at) VALUES
        (4003, 'NaN', 'NaN', '-Infinity', '\\N', 'infinity', 'infinity', '-infinity', '24:00', '24:00+00', '', 'null', 'null', '{}', '2026-01-01'),
        (4004, 1e-10, 1e20, 1e300, E'\\b\\f\\v', '0044-03-15 BC', '0044-03-15 BC', '0044-03-15 BC', '00:00:00.000001', '12:00+05:30', '\\x00', '"\\u0000"', '"\\u0001"', NULL, '2026-01-01'),
        (4005, 9::numeric ^ 5000, -0.0, '-0', repeat('é', 3000), '12026-01-01', '12026-01-01', '12026-01-01', NULL, NULL, NULL, '1e400', ('[' || repeat('1,', 3000) || '1]')::jsonb, NULL, '2026-01-01'),
        (4006, 0, 0, 0, '', '2024-02-29', '2026-01-02 03:04:05.123456+02', '1999-12-31 23:59:59.999999', '23:59:59', '23:59:59-12', '\\xff', '"\\ud83d\\ude00"', repeat('[', 1200)::text::jsonb, NULL, '2026-01-01')`.replace(
        "repeat('[', 1200)::text::jsonb",
        "(repeat('[', 1200) || repeat(']', 1200))::jsonb",
      ),
    ),
  );

  it.each([{}, { typeConflicts: 'discard_value' }, { typeConflicts: 'evolve' }] as const)(
    'become the rows that records become, for every type, in the contract %j',
    async (contract) => {
      const source = world.open();
      const descriptor = await descriptorOf(source, 'every');
      const [lines, records] = [0, 1].map(() => loader(source, descriptor, { mode: 'incremental_append', contract }));
      expect(await lines?.run('lines')).toEqual(new Set(['copy_lines']));
      expect(await records?.run('records')).toEqual(new Set(['records']));
      const loaded = await lines?.loaded();
      expect(loaded).toEqual(await records?.loaded());
      expect((loaded as { rows: unknown[] }).rows.length).toBeGreaterThan(3000);
    },
  );

  it.each([
    ['lines', 'records'],
    ['records', 'lines'],
    ['lines', 'lines'],
  ] as const)('of one cursor are appended once, read as %s and then as %s', async (first, second) => {
    const name = `ties_${first}_${second}`;
    await world.sql.query(`CREATE TABLE ${name} (id int PRIMARY KEY, s text, version int NOT NULL);
      INSERT INTO ${name} SELECT n, E'x\\t' || n, n / 50 FROM generate_series(1, 100) n`);
    const source = world.open({ cursors: { [name]: 'version' } });
    const load = loader(source, await descriptorOf(source, name), { mode: 'incremental_append' });
    await load.run(first);
    await world.sql.query(`INSERT INTO ${name} VALUES (101, 'late', 2), (102, 'new', 3)`);
    await load.run(second);
    await load.run(second);
    const { rows } = await warehouse.sql.query<{ id: number }>(`SELECT id FROM "${load.table}" ORDER BY id`);
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: 102 }, (_, n) => n + 1));
  });
});
