import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { textOf, type ColumnType } from '../../libs/typing/index.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
beforeAll(async () => {
  world = await postgresWorld();
  await world.sql.query(`SET timezone = 'UTC'`);
});
afterAll(() => world.close());

const TYPES: readonly ColumnType[] = [
  ...(['smallint', 'integer', 'bigint', 'numeric', 'boolean', 'text', 'timestamptz', 'timestamp'] as const),
  ...(['date', 'time', 'timetz', 'jsonb', 'bytea', 'uuid'] as const),
];

const two = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
const date = fc
  .tuple(fc.constantFrom('0000', '0001', '1900', '2000', '2024', '2026', '9999'), two(13), two(32))
  .map((p) => p.join('-'));
const clock = fc
  .tuple(two(25), two(61), fc.option(two(61)), fc.option(fc.stringMatching(/^\d{1,12}$/)))
  .map(([h, m, s, f]) => `${h}:${m}${s === null ? '' : `:${s}${f === null ? '' : `.${f}`}`}`);
const offset = fc.oneof(
  fc.constantFrom('', 'Z', 'z', ' +01', '+00', '+00:00', '-00:00', '+16:00'),
  fc.tuple(fc.constantFrom('+', '-'), two(17), fc.constantFrom(':', ''), two(61)).map((p) => p.join('')),
);
const timestamp = fc.tuple(date, fc.constantFrom('T', ' ', 't'), clock, offset).map((p) => p.join(''));
const number = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.stringMatching(/^\d{0,40}$/),
    fc.option(fc.stringMatching(/^\d{0,20}$/)),
    fc.option(fc.oneof(fc.integer({ min: -20, max: 40 }), fc.integer({ min: -200_000, max: 200_000 }))),
  )
  .map(
    ([sign, whole, fraction, power]) =>
      `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${power === null ? '' : `e${power}`}`,
  );
const range = fc
  .tuple(
    fc.constantFrom(32_768n, 2_147_483_648n, 9_223_372_036_854_775_808n, 9_007_199_254_740_992n),
    fc.bigInt({ min: -2n, max: 2n }),
    fc.constantFrom(1n, -1n),
    fc.constantFrom('', '.0', 'e0', '0e-1'),
  )
  .map(([n, more, sign, tail]) => `${sign * (n + more)}${tail}`);
const uuid = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase().replaceAll('-', '')),
  fc.stringMatching(/^[0-9a-f-]{32,36}$/),
);
const words = fc.constantFrom(
  '',
  ' ',
  'true',
  'F',
  'yes',
  'nope',
  'infinity',
  'NaN',
  'now',
  'epoch',
  '-infinity',
  '1',
  '0',
  'aGk=',
  'a',
  '\\x00',
  'a b',
);

/** What the type is chosen for: a fraction of texts must fit it, or the test tests nothing. */
const texts = fc.oneof(
  date,
  clock,
  fc.tuple(clock, offset).map((p) => p.join('')),
  timestamp,
  number,
  range,
  uuid,
  words,
  fc.string(),
);

test('what is said to fit a column PostgreSQL takes, and it reads that very value', async () => {
  const seen = new Map<ColumnType, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 100, maxLength: 400 }), async (values) => {
      for (const type of TYPES) {
        const fitting = values.flatMap((value) => {
          if (value.includes('\0')) return [];
          const out = textOf(type, value);
          return out === undefined ? [] : [{ value, out: type === 'bytea' ? `\\x${out}` : out }];
        });
        seen.set(type, (seen.get(type) ?? 0) + fitting.length);
        const { rows } = await world.sql.query<{ text: string; valid: boolean }>(
          'SELECT text, pg_input_is_valid(text, $2) AS valid FROM unnest($1::text[]) AS t(text)',
          [fitting.map(({ out }) => out), type],
        );
        expect(rows.filter(({ valid }) => !valid)).toEqual([]);
      }
    }),
    { numRuns: 40 },
  );
  for (const type of TYPES) expect([type, (seen.get(type) ?? 0) > 100]).toEqual([type, true]);
});

test.each<[ColumnType, unknown, string]>([
  ['bigint', '9223372036854775807', '9223372036854775807'],
  ['bigint', '1.0', '1'],
  ['bigint', '12e2', '1200'],
  ['bigint', -9_223_372_036_854_775_808n, '-9223372036854775808'],
  ['numeric', '12345678901234567890.12345678901234567890', '12345678901234567890.12345678901234567890'],
  ['timestamptz', '2026-01-01T00:30:00.123456+02:00', '2025-12-31 22:30:00.123456+00'],
  ['timestamptz', '2026-01-01 00:30', '2026-01-01 00:30:00+00'],
  ['timestamptz', '2026-01-01', '2026-01-01 00:00:00+00'],
  ['timestamp', '2026-01-01T00:30:00Z', '2026-01-01 00:30:00'],
  ['date', '2026-01-01T00:00:00.000Z', '2026-01-01'],
  ['time', '23:59:59.5', '23:59:59.5'],
  ['timetz', '23:59:59+05:30', '23:59:59+05:30'],
  ['bytea', 'aGk', '\\x6869'],
  ['bytea', '_-8=', '\\xffef'],
  ['uuid', 'A0EEBC999C0B4EF8BB6D6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['boolean', 'Yes', 'true'],
  ['text', 1e21, '1e+21'],
])('%s holds %s exactly', async (type, value, expected) => {
  const out = textOf(type, value);
  const { rows } = await world.sql.query<{ v: string }>(`SELECT ($1::${type})::text AS v`, [
    type === 'bytea' ? `\\x${out}` : out,
  ]);
  expect(rows).toEqual([{ v: expected }]);
});

test.each<[ColumnType, unknown]>([
  ['bigint', '9223372036854775808'],
  ['bigint', '1.5'],
  ['bigint', 1e19],
  ['smallint', 40_000],
  ['numeric', Infinity],
  ['numeric', NaN],
  ['numeric', 'NaN'],
  ['numeric', '1e200000'],
  ['date', '2026-02-30'],
  ['date', '1900-02-29'],
  ['date', '2026-01-01T10:00:00Z'],
  ['date', 'infinity'],
  ['date', 20_260_101],
  ['timestamp', '2026-01-01T00:00:00+02:00'],
  ['timestamptz', 'now'],
  ['timestamptz', '2026-01-01T24:00:00Z'],
  ['timestamptz', new Date(Number.NaN)],
  ['time', '10:00:00+02'],
  ['bytea', 'a'],
  ['bytea', 'not base64!'],
  ['uuid', 'x'],
  ['boolean', 2],
  ['boolean', { a: 1 }],
  ['text', Infinity],
])('%s does not hold %s', (type, value) => {
  expect(textOf(type, value)).toBeUndefined();
});
