import { Decimal, parseJson } from '../../json/index.js';
import type { ColumnType } from '../../typing/index.js';
import { COPY_DATA } from './frames.js';

const LETTERS: Readonly<Record<string, string>> = {
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
  '\\': '\\',
};

/** Rows as a server's COPY sends them: with all of its escapes, one message a row. */
export const framed = (rows: readonly (readonly (string | null)[])[]): Buffer =>
  Buffer.concat(
    rows.map((row) => {
      const values = row.map((value) => value?.replace(/[\b\f\n\r\t\v\\]/g, (c) => `\\${LETTERS[c]}`) ?? '\\N');
      const line = Buffer.from(`     ${values.join('\t')}\n`);
      line[0] = COPY_DATA;
      line.writeUInt32BE(line.length - 1, 1);
      return line;
    }),
  );

/** The lines of whole messages. */
function linesOf(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    const text = bytes.toString('utf8', at + 5, end);
    if (bytes[at] !== COPY_DATA || !text.endsWith('\n')) throw new Error('not a message of whole lines');
    lines.push(...text.slice(0, -1).split('\n'));
    at = end;
  }
  return lines;
}

/** What PostgreSQL makes of the lines: numbers by value, times and booleans by what they name, JSON without its form. */
export const meaningOfLines = (bytes: Buffer | null, types: readonly ColumnType[]): unknown[] =>
  bytes === null
    ? []
    : linesOf(bytes).map((line) =>
        line.split('\t').map((value, n) => (value === '\\N' ? null : valueOf(types[n] as ColumnType, unescape(value)))),
      );

const CHARACTERS = Object.fromEntries(Object.entries(LETTERS).map(([character, letter]) => [letter, character]));
const unescape = (value: string): string => value.replace(/\\(.)/gs, (_, letter: string) => CHARACTERS[letter] ?? letter);

function valueOf(type: ColumnType, value: string): unknown {
  switch (type) {
    case 'jsonb':
      return JSON.stringify(plain(parseJson(value))); // as one text: nothing compares what is nested so deep
    case 'bigint':
    case 'integer':
    case 'smallint':
    case 'numeric':
      return canonical(value);
    case 'boolean':
      return value.startsWith('t');
    case 'timestamptz':
    case 'timestamp':
      // Either way UTC, which the session's zone is.
      return value.replace('T', ' ').replace(/(?:\+00(?::00)?|Z)$/, '');
    default:
      return value;
  }
}

/** A JSON value without its form. */
export function plain(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Decimal) return canonical(String(value));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([name, item]) => [name, plain(item)]);
}

/** A number by its value. */
export function canonical(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return digits === '' ? '0' : `${sign}${digits}e${Number(power) - fraction.length + (all.length - digits.length)}`;
}
