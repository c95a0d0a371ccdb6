import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Destination } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { Decimal } from '../../libs/json/index.js';
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

const SCHEMA = {
  properties: {
    n: { type: 'integer' },
    i: { type: ['null', 'integer'] },
    d: { type: ['null', 'number'] },
    b: { type: ['null', 'boolean'] },
    t: { type: ['null', 'string'] },
    ts: { type: ['null', 'string'], format: 'date-time' },
    j: { type: ['null', 'object', 'array', 'string', 'number', 'boolean'] },
    'odd "name"\t\\': { type: 'string' },
    constructor: { type: 'string' },
  },
};
const ODD = 'odd "name"\t\\';

/** Text with everything that COPY, JSON and UTF-8 treat specially, but for what no PostgreSQL text can hold. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\\',
        '\\N',
        '\\.',
        '\n',
        '\t',
        '\r',
        '\r\n',
        "'",
        '"',
        '\\u0000',
        '\b',
        '💧',
        'é',
        '\u2028',
        '\u0001',
        '\x7f',
      ),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));
const json = fc.jsonValue({ stringUnit: 'binary' }).filter((value) => !JSON.stringify(value).includes('\\u0000'));
const record = fc.record(
  {
    i: fc.option(fc.maxSafeInteger()),
    d: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    b: fc.option(fc.boolean()),
    t: fc.option(text),
    ts: fc.option(
      fc
        .date({ noInvalidDate: true, min: new Date('1000-01-01'), max: new Date('9999-12-31') })
        .map((date) => date.toISOString()),
    ),
    j: fc.option(json),
    [ODD]: fc.option(text),
    constructor: fc.option(text),
  },
  { requiredKeys: [] },
);

/** Doubles whose shortest text is the same number again: all; -0 has no place in numeric. */
const same = (value: unknown): unknown => (value === undefined ? null : Object.is(value, -0) ? 0 : value);

test('every value comes out of PostgreSQL as it went in, in every mode', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 30 }),
      fc.constantFrom('incremental_append' as const, 'incremental_upsert' as const, 'full_refresh_overwrite' as const),
      fc.constantFrom('exact' as const, 'none' as const),
      async (drawn, mode, resume) => {
        const records = drawn.map((each, n): SourceRecord => ({ ...each, n }));
        const stream = new TestStream({ mode, resume, jsonSchema: SCHEMA, primaryKey: ['n'], cursorField: null });
        const ref = await wholeRun(destination, stream, records);
        expect(await destination.inspect({ ref })).toMatchObject({ read: records.length, inserted: records.length });
        const { rows } = await world.sql.query<Record<string, unknown>>({
          text: `SELECT * FROM "${stream.target.table}" ORDER BY n`,
          types: {
            getTypeParser: (oid: number) =>
              oid === 3802
                ? (value: string) => JSON.parse(value) as unknown
                : oid === 16
                  ? (value: string) => value === 't'
                  : (value: string) => value,
          },
        } as never);
        for (const [n, row] of rows.entries()) {
          const sent = records[n] as SourceRecord;
          const field = (name: string): unknown => same(Object.hasOwn(sent, name) ? sent[name] : null);
          expect(row.t).toBe(field('t'));
          expect(row[ODD]).toBe(field(ODD));
          expect(row.constructor).toBe(field('constructor'));
          expect(row.b).toBe(field('b'));
          expect(row.i === null ? null : Number(row.i)).toBe(field('i'));
          expect(row.d === null ? null : Number(row.d)).toBe(field('d'));
          expect(row.ts === null ? null : new Date(row.ts as string).toISOString()).toBe(field('ts'));
          expect(row.j).toEqual(sent.j === undefined ? null : JSON.parse(JSON.stringify(sent.j)));
        }
        await world.sql.query(`DROP TABLE "${stream.target.table}"`);
      },
    ),
    { numRuns: 60 },
  );
});

test('numbers keep every digit, dates are times, and objects in text columns are JSON', async () => {
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema: SCHEMA, cursorField: null });
  const big = new Decimal('12345678901234567890.12345678901234567890');
  await wholeRun(destination, stream, [
    { n: 1, i: 9_007_199_254_740_993n, d: big, t: { a: [1] }, ts: new Date(0), j: { deep: [big, 9_007_199_254_740_993n] } },
    { n: 2, i: '9223372036854775807', d: 1e21, t: 1.5, ts: '2026-01-01T00:00:00.123456+02:00', j: 'text' },
    { n: 3, d: 5e-324, t: true, j: null },
  ]);
  const { rows } = await world.sql.query(
    `SELECT i::text, d::text, t, ts::text, j::text FROM "${stream.target.table}" ORDER BY n`,
  );
  expect(rows).toEqual([
    {
      i: '9007199254740993',
      d: '12345678901234567890.12345678901234567890',
      t: '{"a":[1]}',
      ts: '1970-01-01 00:00:00+00',
      j: '{"deep": [12345678901234567890.12345678901234567890, 9007199254740993]}',
    },
    { i: '9223372036854775807', d: '1000000000000000000000', t: '1.5', ts: '2025-12-31 22:00:00.123456+00', j: '"text"' },
    { i: null, d: expect.stringMatching(/^0\.0+5$/), t: 'true', ts: null, j: null },
  ]);
});

test('a record with a character that PostgreSQL cannot hold is quarantined whole, with its field, and never changed silently', async () => {
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema: SCHEMA, cursorField: null });
  const ref = await wholeRun(destination, stream, [
    { n: 1, t: 'fine' },
    { n: 2, t: 'a\0b' },
    { n: 3, t: 'half \ud83d' },
    { n: 4, j: { deep: 'a\0b' } },
    { n: 5, j: ['half \udca7'] },
    { n: 6, j: { literal: '\\u0000', slash: '\\' } },
    { n: 7, t: 'fine too' },
  ]);
  expect(await destination.inspect({ ref })).toMatchObject({ read: 7, inserted: 3, quarantined: 4 });
  const { rows } = await world.sql.query(
    `SELECT reason, field, substring(record::text FROM '"n":(\\d)')::integer AS n, record::text LIKE '%\\\\u%' AS whole FROM sluice.quarantine WHERE run_id = $1 ORDER BY id`,
    [ref.runId],
  );
  expect(rows).toEqual([
    { reason: 'nul_character', field: 't', n: 2, whole: true },
    { reason: 'lone_surrogate', field: 't', n: 3, whole: true },
    { reason: 'nul_character', field: 'j', n: 4, whole: true },
    { reason: 'lone_surrogate', field: 'j', n: 5, whole: true },
  ]);
});
