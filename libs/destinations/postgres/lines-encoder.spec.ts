import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CopyLines, lineFormat, type Decoding, type LineField } from '../../copy-text/index.js';
import type { Nesting } from '../../contracts/nesting.js';
import type { Contract } from '../../contracts/schema-contract.js';
import { stringifyJson } from '../../json/index.js';
import { ContractWatch, type Column, type ColumnType } from '../../typing/index.js';
import { frameEncoder } from './copy-frame.js';
import { compileEncoder, type EncoderOptions, type Reject } from './encoder.js';
import { linesEncoder } from './lines-encoder.js';
import { framed, meaningOfLines } from './copy-test-support.js';

const TYPES: readonly ColumnType[] = [
  ...(['bigint', 'integer', 'smallint', 'numeric', 'boolean', 'text', 'timestamptz', 'timestamp'] as const),
  ...(['date', 'time', 'timetz', 'uuid', 'bytea', 'jsonb'] as const),
];
const FIELDS = ['id', 'name', 'at', 'amount', 'toString', 'é', 'x y', '0'];

const digits = (least: number, most: number) => fc.stringMatching(new RegExp(`^[1-9][0-9]{${least - 1},${most - 1}}$`));
const sign = fc.constantFrom('', '', '-');
const signed = (number: fc.Arbitrary<string>) => fc.tuple(sign, number).map(([minus, value]) => minus + value);
const integer = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom(
    '0',
    '32767',
    '32768',
    '-32768',
    '-32769',
    '2147483647',
    '2147483648',
    '9007199254740993',
    '9223372036854775807',
  ),
);
const fraction = fc.tuple(fc.constantFrom('0', '7', '123456789012345678'), fc.stringMatching(/^0{0,8}[0-9]{1,20}$/));
const decimal = fc.oneof(
  signed(digits(1, 40)),
  signed(fraction.map(([whole, rest]) => `${whole}.${rest}`)).filter((value) => !/^-0\.0*$/.test(value)),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '0', '0.000001', '0.0000001', '-0.0000001234', '0.00000010', '1.50', '5.0'),
);
/** As the server writes them: an exponent from 1e15 on, of two digits at least, and below 1e-4. */
const float = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => {
    const [mantissa = '', power = '0'] = value.toExponential().split('e');
    if (value === 0) return Object.is(value, -0) ? '-0' : '0';
    if (Number(power) >= -4 && Number(power) < 15) return String(value);
    return `${mantissa}e${power.replace(/^([+-])(\d)$/, '$10$2')}`;
  }),
  fc.integer().map(String),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0', '0', '0.1', '1e+15', '1.5e+300', '5e-324', '999999999999999'),
);
const two = (least: number, most: number) => fc.integer({ min: least, max: most }).map((n) => String(n).padStart(2, '0'));
const dateText = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 9999 }), two(1, 12), two(1, 28))
    .map(([year, month, day]) => `${String(year).padStart(4, '0')}-${month}-${day}`),
  fc.constantFrom('2024-02-29', '2026-12-31', '0001-01-01'),
);
const clock = fc
  .tuple(two(0, 23), two(0, 59), two(0, 59), fc.constantFrom('', '.5', '.123456', '.000001'))
  .map(([hour, minute, second, rest]) => `${hour}:${minute}:${second}${rest}`);
const time = (zone: string) =>
  fc.oneof(
    fc.tuple(dateText, clock).map(([day, at]) => `${day} ${at}${zone}`),
    fc.constantFrom('infinity', '-infinity', `0044-03-15 00:00:00${zone} BC`, `12026-01-01 00:00:00${zone}`),
  );
const jsonValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, 'null', '', '\u0001', '\t\n\\"', { a: [1.5, 'é😀'], __proto__: 1 }, 'e', '1e5'),
);
/** Of a jsonb, as the server writes it: with blanks, no NUL, and no half of a pair. */
const jsonbText = jsonValue
  .map((value) => JSON.stringify(value, null, 1).replace(/\n\s*/g, ' '))
  .filter((text) => !/\\u0000|\\ud[89a-f]/i.test(text) && !/\d[eE]/.test(text));
const jsonText = fc.oneof(
  fc.tuple(jsonValue, fc.constantFrom(undefined, 1, '\t')).map(([value, space]) => JSON.stringify(value, null, space)),
  fc.constantFrom(
    '"\\u0000"',
    '{"a":"\\ud800"}',
    '"\\ud83d\\ude00"',
    '1e5',
    '1E400',
    '[1e9999999]',
    '1.0',
    ' null ',
    '{"a":1,"a":2}',
  ),
  fc.constantFrom('-0', '[1.50, 12345678901234567890]', `[${'1'.repeat(4_100)}]`, `[${'1'.repeat(140_000)}]`),
  fc.constantFrom('"\\\\u0000"', '"/\\/\\b"'),
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((value) => Buffer.from(value).toString().replaceAll('\0', '')),
  fc.constantFrom(
    '',
    '\\N',
    '\t\n\r\\',
    '\b\f\v',
    'true',
    '1',
    ' 5 ',
    '1e3',
    '5.0',
    'infinity',
    'x'.repeat(3_000),
    'é'.repeat(1_400),
  ),
  ...[dateText, clock, time(''), time('+00'), integer, decimal],
  fc.constantFrom('2026-01-31T23:59:59Z', '2026-02-30', '12:30:00+02', '24:00:00', '12:30:00', '0044-03-15 BC', 'infinity'),
  fc.uuid(),
);
const VALUES: Readonly<Record<Decoding, fc.Arbitrary<string>>> = {
  ...{ text, integer, decimal, float, json: jsonText, jsonb: jsonbText },
  boolean: fc.constantFrom('t', 'f'),
  timestamptz: time('+00'),
  timestamp: time(''),
  date: fc.oneof(dateText, fc.constantFrom('infinity', '-infinity', '0044-03-15 BC', '12026-01-01')),
  time: fc.oneof(clock, fc.constant('24:00:00')),
  timetz: fc.oneof(
    fc.tuple(clock, fc.constantFrom('+00', '-05:30', '+15:59')).map(([at, offset]) => at + offset),
    fc.constantFrom('24:00:00+00', '12:00:00+05:30:10'),
  ),
  bytea: fc.uint8Array({ maxLength: 12 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
};
const DECODINGS = Object.keys(VALUES) as Decoding[];
/** What a column mostly has: those that it is made for. */
const OWN: Readonly<Record<Decoding, readonly ColumnType[]>> = {
  text: ['text', 'uuid', 'date', 'time', 'timetz'],
  date: ['date', 'text', 'timestamp'],
  time: ['time', 'text', 'timetz'],
  timetz: ['timetz', 'text'],
  integer: ['bigint', 'integer', 'smallint', 'numeric'],
  decimal: ['numeric', 'text', 'jsonb'],
  float: ['numeric', 'bigint', 'jsonb'],
  boolean: ['boolean', 'text', 'jsonb'],
  timestamptz: ['timestamptz', 'timestamp', 'text'],
  timestamp: ['timestamp', 'timestamptz', 'text'],
  json: ['jsonb'],
  jsonb: ['jsonb'],
  bytea: ['bytea'],
};

interface Setting {
  fields: readonly LineField[];
  columns: readonly Column[];
  rows: readonly (readonly (string | null)[])[];
  contract: Contract;
  closed: boolean;
  keyed: boolean;
  cursorKeyed: boolean;
  numberText: boolean;
  nested: Nesting;
}

const policy = fc.constantFrom('evolve', 'discard_value', 'quarantine', 'freeze', undefined);

/** Fields of a source and columns of a table: some of either may not be in the other, in any order. */
const setting: fc.Arbitrary<Setting> = fc
  .array(fc.constantFrom(...DECODINGS), { minLength: 1, maxLength: FIELDS.length })
  .chain((decodings) =>
    fc.record({
      fields: fc.constant(decodings.map((decoding, n) => ({ name: FIELDS[n] as string, decoding }))),
      columns: fc
        .tuple(...decodings.map((decoding) => fc.tuple(fc.constantFrom(...OWN[decoding]), fc.constantFrom(...TYPES), fc.nat(9))))
        .chain((types) => {
          const all = types.map(([own, any, chance], n): Column => {
            const name = FIELDS[n] as string;
            return { name, path: [name], type: chance === 0 ? any : own, ...(chance === 1 ? { inferred: true } : {}) };
          });
          const absent: Column = { name: 'absent', path: ['absent'], type: 'text' };
          const some = fc.shuffledSubarray([...all, absent], { minLength: 1 });
          return fc.oneof({ weight: 2, arbitrary: fc.constant(all) }, { weight: 1, arbitrary: some });
        }),
      rows: fc.array(fc.tuple<(string | null)[]>(...decodings.map((decoding) => fc.option(VALUES[decoding], { freq: 8 }))), {
        maxLength: 6,
      }),
      contract: fc.record({ newFields: policy, typeConflicts: policy }),
      nested: fc.constantFrom('json', 'json', 'flatten'),
      ...{ closed: fc.boolean(), keyed: fc.boolean(), cursorKeyed: fc.boolean(), numberText: fc.boolean() },
    }),
  );

const shown = ({ record, ...reject }: Reject) => ({ ...reject, record: stringifyJson(record) });

/** What rows become, by either way. */
function outcome(chosen: Setting, decoded: boolean) {
  const { fields, columns, rows, contract, closed, keyed, cursorKeyed, numberText, nested } = chosen;
  const watch = new ContractWatch({ columns, contract, fixed: keyed ? ['id'] : [], closed, nested });
  const options: EncoderOptions & { watch: ContractWatch } = {
    ...{ columns, watch, required: keyed ? ['id'] : [], numbered: keyed },
    numberText: numberText ? (columns.at(-1)?.name ?? null) : null,
    ...(cursorKeyed && { requiredCursor: columns.at(-1)?.name }),
  };
  const rejects: Reject[] = [];
  const encode = compileEncoder(options);
  const frame = frameEncoder(encode);
  const lines = new CopyLines(framed(rows), rows.length, lineFormat(fields));
  try {
    const bytes = decoded
      ? frame(lines.records(), rejects, 7)
      : (linesEncoder(options, { encode, frame })(lines, rejects, 7)?.bytes ?? null);
    const types = keyed ? [...columns.map(({ type }) => type), 'bigint' as const] : columns.map(({ type }) => type);
    const wanted = [...watch.wanted.values()];
    // A page of which columns are wanted is encoded anew when they are there.
    return wanted.length > 0
      ? { wanted }
      : { lines: meaningOfLines(bytes, types), rejects: rejects.map(shown), discarded: watch.discarded };
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return { error: String(error) };
  }
}

describe('linesEncoder', () => {
  it('makes of every line what decoding and encoding makes, in every contract', () => {
    fc.assert(
      fc.property(setting, (chosen) => {
        expect(outcome(chosen, false)).toEqual(outcome(chosen, true));
      }),
      { numRuns: 400 },
    );
  });

  const world = (columns: readonly Column[], numbered = false) => {
    const watch = new ContractWatch({ columns, contract: {}, closed: true });
    const seen = (): never => {
      throw new Error('a record was looked at');
    };
    return linesEncoder({ columns, watch, numbered }, { encode: seen, frame: seen });
  };
  const FIELDS_OF_ROW: readonly LineField[] = [
    { name: 'id', decoding: 'integer' },
    { name: 'name', decoding: 'text' },
    { name: 'at', decoding: 'timestamptz' },
    { name: 'data', decoding: 'jsonb' },
  ];
  const typed = (names: readonly (readonly [string, ColumnType])[]): Column[] =>
    names.map(([name, type]) => ({ name, path: [name], type }));
  const ROWS = [
    ['1', 'a\tb\\', '2026-01-02 03:04:05.6+00', '{"a": "x\\n"}'],
    ['2', null, null, null],
  ];
  const SAME = typed([
    ['id', 'bigint'],
    ['name', 'text'],
    ['at', 'timestamptz'],
    ['data', 'jsonb'],
  ]);

  it.each(['json', 'jsonb'] as const)('looks at records for %s that may be nested too deep', (decoding) => {
    const column: Column = { name: 'id', path: ['id'], type: 'jsonb' };
    const rows = [500, 1_900, 2_001, 2_100].map((depth) => ['['.repeat(depth) + ']'.repeat(depth)]);
    const [fast, slow] = [false, true].map((decoded) => {
      const watch = new ContractWatch({ columns: [column], contract: {}, closed: true });
      const encode = compileEncoder({ columns: [column], watch });
      const encoders = { encode, frame: frameEncoder(encode) };
      const lines = new CopyLines(framed(rows), rows.length, lineFormat([{ name: 'id', decoding }]));
      const rejects: Reject[] = [];
      const bytes = decoded
        ? encoders.frame(lines.records(), rejects, 0)
        : linesEncoder({ columns: [column], watch }, encoders)(lines, rejects, 0)?.bytes;
      return { text: bytes?.toString('utf8', 5), reasons: rejects.map(({ reason }) => reason) };
    });
    expect(slow?.reasons).toEqual(['too_deep', 'too_deep']);
    expect(fast).toEqual(slow);
  });

  it('sends the frames as they came where all of them fit', () => {
    const body = framed(ROWS);
    const encoded = world(SAME)(new CopyLines(body, 2, lineFormat(FIELDS_OF_ROW)), [], 0);
    expect(encoded?.lines).toBe(false);
    expect(encoded?.bytes).toBe(body);
  });

  it('numbers lines, changes their order and writes values in another way, without looking at a record', () => {
    const columns = typed([
      ['at', 'text'],
      ['id', 'numeric'],
      ['name', 'text'],
      ['absent', 'text'],
    ]);
    const encoded = world(columns, true)(new CopyLines(framed(ROWS), 2, lineFormat(FIELDS_OF_ROW)), [], 5);
    expect(encoded?.lines).toBe(true);
    expect(encoded?.bytes.toString('utf8', 5)).toBe(
      '2026-01-02T03:04:05.6+00:00\t1\ta\\tb\\\\\t\\N\t5\n' + '\\N\t2\t\\N\t\\N\t6\n',
    );
  });

  it('grows its frame for large records', () => {
    const fields: readonly LineField[] = [{ name: 'name', decoding: 'text' }];
    const rows = Array.from({ length: 50 }, (_, n) => ['é\n'.repeat(n * 100)]);
    const encoded = world(typed([['name', 'text']]), true)(new CopyLines(framed(rows), 50, lineFormat(fields)), [], 0);
    expect(encoded?.bytes.toString('utf8', 5)).toBe(
      rows.map(([value], n) => `${value?.replaceAll('\n', '\\n')}\t${n}\n`).join(''),
    );
  });
});
