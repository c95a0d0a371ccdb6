import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Nesting } from '../../contracts/nesting.js';
import type { Contract } from '../../contracts/schema-contract.js';
import { parseJson, scanRows, type JsonRows } from '../../json/index.js';
import { jsonRecords, jsonText } from '../../json/test-support.js';
import { ContractWatch, type Column, type ColumnType } from '../../typing/index.js';
import { frameEncoder } from './copy-frame.js';
import { canonical, plain } from './copy-test-support.js';
import { compileEncoder, type EncoderOptions, type Reject } from './encoder.js';
import { rowsEncoder } from './rows-encoder.js';

const TYPES: readonly ColumnType[] = [
  ...(['bigint', 'integer', 'smallint', 'numeric', 'boolean', 'text', 'timestamptz', 'timestamp'] as const),
  ...(['date', 'time', 'timetz', 'uuid', 'bytea', 'jsonb'] as const),
];
const FIELDS = ['id', 'name', 'at', 'amount', 'ok', 'data', 'more', 'é', 'toString', 'x y', '0'];

const columnsOf = (types: readonly ColumnType[], provisional: boolean): Column[] =>
  types.map((type, n) => {
    const name = FIELDS[n] as string;
    return { name, path: [name], type, ...(provisional && n === 1 ? ({ inferred: true, provisional: true } as const) : {}) };
  });

interface Setting {
  types: readonly ColumnType[];
  provisional: boolean;
  contract: Contract;
  closed: boolean;
  keyed: boolean;
  numberText: boolean;
  nested: Nesting;
}

const policy = fc.constantFrom('evolve', 'discard_value', 'quarantine', undefined);
const setting: fc.Arbitrary<Setting> = fc.record({
  types: fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: FIELDS.length }),
  provisional: fc.boolean(),
  contract: fc.record({ newFields: policy, typeConflicts: policy }),
  nested: fc.constantFrom('json', 'flatten'),
  ...{ closed: fc.boolean(), keyed: fc.boolean(), numberText: fc.boolean() },
});

/** What a page becomes, by either way. */
function outcome({ types, provisional, contract, closed, keyed, numberText, nested }: Setting, rows: JsonRows, parsed: boolean) {
  const columns = columnsOf(types, provisional);
  const watch = new ContractWatch({ columns, contract, fixed: keyed ? ['id'] : [], closed, nested });
  const options: EncoderOptions & { watch: ContractWatch } = {
    ...{ columns, watch, required: keyed ? ['id'] : [], numbered: keyed },
    numberText: numberText ? (columns.at(-1)?.name ?? null) : null,
  };
  const rejects: Reject[] = [];
  const encode = compileEncoder(options);
  const frame = parsed ? frameEncoder(encode)(rows.records(), rejects, 7) : rowsEncoder(options, encode)(rows, rejects, 7);
  return {
    lines: meaning(frame, keyed ? [...columns.map(({ type }) => type), 'bigint'] : columns.map(({ type }) => type)),
    ...{ rejects, discarded: watch.discarded, wanted: [...watch.wanted.values()] },
  };
}

/** What PostgreSQL makes of a frame: numbers by value, JSON without its form. */
function meaning(frame: Buffer | null, types: readonly ColumnType[]): unknown[] {
  if (frame === null) return [];
  expect(frame.readUInt32BE(1)).toBe(frame.length - 1);
  const text = frame.toString('utf8', 5);
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) =>
      line.split('\t').map((value, n) => (value === '\\N' ? null : valueOf(types[n] as ColumnType, unescape(value)))),
    );
}

const LETTERS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f' };
const unescape = (value: string): string => value.replace(/\\(.)/gs, (_, letter: string) => LETTERS[letter] ?? letter);

function valueOf(type: ColumnType, value: string): unknown {
  if (type === 'jsonb') return plain(parseJson(value));
  return ['bigint', 'integer', 'smallint', 'numeric'].includes(type) ? canonical(value) : value;
}

const rowsOf = (text: string): JsonRows | null => scanRows(Buffer.from(text), ['data'])?.rows ?? null;

describe('rowsEncoder', () => {
  it('makes of every text what parsing and encoding makes, in every contract', () => {
    fc.assert(
      fc.property(jsonRecords, setting, (texts, chosen) => {
        const rows = rowsOf(`{"data":[${texts.join(',')}]}`);
        if (rows === null) return;
        expect(outcome(chosen, rows, false)).toEqual(outcome(chosen, rows, true));
      }),
      { numRuns: 500 },
    );
  });

  it('copies what fits without looking at the record', () => {
    const columns = columnsOf(['bigint', 'text', 'timestamptz', 'numeric', 'boolean', 'jsonb', 'jsonb'], false);
    const watch = new ContractWatch({ columns, contract: {}, closed: false });
    const encode = rowsEncoder({ columns, watch, numbered: true, required: ['id'] }, () => {
      throw new Error('a record was looked at');
    });
    const records = [
      {
        id: 1,
        name: 'ä\t"x"\\',
        at: '2026-01-31T23:59:59.5Z',
        amount: 1.5,
        ok: true,
        data: { a: ['é\n'] },
        more: null,
        unknown: null,
      },
      { more: [], ok: false, id: -2 },
    ];
    for (const escaped of [false, true]) {
      const rows = rowsOf(jsonText({ data: records }, escaped)) as JsonRows;
      expect(encode(rows, [], 5)?.toString('utf8', 5)).toBe(
        `1\tä\\t"x"\\\\\t2026-01-31T23:59:59.5Z\t1.5\tt\t{"a":["${escaped ? '\\\\u00e9' : 'é'}\\\\n"]}\t\\N\t5\n` +
          '-2\t\\N\t\\N\t\\N\tf\t\\N\t[]\t6\n',
      );
    }
  });

  it('keeps the digits of numbers as they were sent', () => {
    const columns = columnsOf(['numeric', 'jsonb'], false);
    const watch = new ContractWatch({ columns, contract: {}, closed: true });
    const rows = rowsOf('{"data":[{"id":0.10000000000000000000000001,"name":[1.50,9007199254740993]}]}') as JsonRows;
    const frame = rowsEncoder({ columns, watch }, compileEncoder({ columns, watch }))(rows, [], 0);
    expect(frame?.toString('utf8', 5)).toBe('0.10000000000000000000000001\t[1.50,9007199254740993]\n');
  });

  it('grows its frame for large records', () => {
    const columns = columnsOf(['text'], false);
    const watch = new ContractWatch({ columns, contract: {}, closed: true });
    const texts = Array.from({ length: 50 }, (_, n) => 'é\n'.repeat(n * 100));
    const rows = rowsOf(jsonText({ data: texts.map((id) => ({ id })) })) as JsonRows;
    const frame = rowsEncoder({ columns, watch }, compileEncoder({ columns, watch }))(rows, [], 0);
    expect(frame?.toString('utf8', 5)).toBe(texts.map((text) => `${text.replaceAll('\n', '\\n')}\n`).join(''));
  });

  it('looks into every record where objects are taken apart', () => {
    const columns: Column[] = [{ name: 'data', path: ['data'], type: 'jsonb' }];
    const watch = new ContractWatch({ columns, contract: {}, nested: 'flatten' });
    const rows = rowsOf('{"data":[{"data":{"inside":1}}]}') as JsonRows;
    rowsEncoder({ columns, watch }, compileEncoder({ columns, watch }))(rows, [], 0);
    expect([...watch.wanted.values()]).toEqual([{ path: ['data', 'inside'], type: 'bigint' }]);
  });
});
