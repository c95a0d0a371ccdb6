import { isAscii } from 'node:buffer';
import { BeyondJson, Decimal, exactNumber, parseJson, type BeyondKind } from '../json/index.js';
import { FRAME_BYTES } from './frame.js';

/**
 * How the text that COPY writes of a value becomes the value of a record. `jsonb`: of a jsonb, so that there is nothing in it that a jsonb cannot hold;
 * `json`: any JSON text.
 */
export type Decoding =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'timestamptz'
  | 'timestamp'
  | 'date'
  | 'time'
  | 'timetz'
  | 'json'
  | 'jsonb'
  | 'bytea';

/** A column of a row of COPY text, and the field that it becomes. */
export interface LineField {
  name: string;
  decoding: Decoding;
}

/** Rows of COPY text, each in its frame, none cut, as records. */
export type RowDecoder = (rows: Buffer) => Record<string, unknown>[];

const NULL = '\\N';
const [MINUS, ZERO, NINE] = [0x2d, 0x30, 0x39] as const;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** COPY's escapes taken back: it writes no others. */
const unescapeCopy = (value: string): string =>
  value.includes('\\') ? value.replace(/\\(.)/gs, (_, c: string) => ESCAPES[c] ?? c) : value;

/** The values of one line of COPY text; null is NULL. */
export const splitLine = (line: string): (string | null)[] =>
  line.split('\t').map((value) => (value === NULL ? null : unescapeCopy(value)));

/** `2026-01-02 03:04:05.6+00` → `2026-01-02T03:04:05.6+00:00`. */
const isoTime = (value: string): unknown =>
  value.charCodeAt(10) === 0x20 && value.endsWith('+00')
    ? `${value.slice(0, 10)}T${value.slice(11)}:00`
    : new BeyondJson('timestamptz', value);
const isoLocalTime = (value: string): unknown =>
  value.charCodeAt(10) === 0x20 && !value.endsWith('BC')
    ? `${value.slice(0, 10)}T${value.slice(11)}`
    : new BeyondJson('timestamp', value);

/** As ISO 8601 has them too; not `infinity`, `24:00:00`, years of other than four digits. */
const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?$/;
const TIMETZ = /^(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::\d\d)?$/;
const plainly =
  (kind: BeyondKind, pattern: RegExp) =>
  (value: string): unknown =>
    pattern.test(value) ? value : new BeyondJson(kind, value);

/** Not NaN and Infinity. */
function isNumber(value: string): boolean {
  const first = value.charCodeAt(value.charCodeAt(0) === MINUS ? 1 : 0);
  return first >= ZERO && first <= NINE;
}
/** A double gives back so many digits as they were. */
const EXACT_DIGITS = 15;
/** Every digit as it is, zeros at the end too. */
function decimalOf(value: string): unknown {
  if (!isNumber(value)) return new BeyondJson('number', value);
  if (!value.includes('.')) return value.length <= EXACT_DIGITS ? Number(value) : exactNumber(value);
  return value.length <= EXACT_DIGITS && !value.endsWith('0') ? Number(value) : new Decimal(value);
}

const DECODE: Readonly<Record<Decoding, (value: string) => unknown>> = {
  text: (value) => value,
  integer: (value) => (value.length < 16 ? Number(value) : exactNumber(value)),
  decimal: decimalOf,
  float: (value) => (isNumber(value) ? Number(value) : new BeyondJson('number', value)),
  boolean: (value) => value === 't',
  timestamptz: isoTime,
  timestamp: isoLocalTime,
  date: plainly('date', DATE),
  time: plainly('time', TIME),
  timetz: plainly('timetz', TIMETZ),
  json: (value) => parseJson(value),
  jsonb: (value) => parseJson(value),
  bytea: (value) => Buffer.from(value.slice(2), 'hex').toString('base64'),
};

/** A value as it is in the record; null is NULL. `text`: as COPY wrote it. */
export const decodeValue = (decoding: Decoding, text: string): unknown =>
  text === NULL ? null : DECODE[decoding](unescapeCopy(text));

/**
 * Compiles a decoder: one object literal a row costs half of what assigning fields one by one does. Names reach the code only through
 * JSON.stringify; `__proto__` is a plain field.
 */
export function rowDecoder(columns: readonly LineField[]): RowDecoder {
  const value = (index: number, { decoding }: { decoding: Decoding }): string => {
    const raw = `((v = c[${index}]) === '\\\\N' ? null : ${decoding === 'text' ? 'text(v)' : `d${index}(text(v))`})`;
    return raw;
  };
  const fields = columns.map((column, index) => `[${JSON.stringify(column.name)}]: ${value(index, column)}`);
  const body = `
    return (lines) => {
      const rows = new Array(lines.length);
      let v;
      for (let i = 0; i < lines.length; i++) { const c = lines[i].split('\\t'); rows[i] = { ${fields.join(', ')} }; }
      return rows;
    };`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- only JSON.stringify'd names enter the code
  const make = new Function('text', ...columns.map((_, index) => `d${index}`), body) as (
    ...helpers: unknown[]
  ) => (lines: readonly string[]) => Record<string, unknown>[];
  const decode = make(unescapeCopy, ...columns.map(({ decoding }) => DECODE[decoding]));
  const unframed = new Unframed();
  return (rows) => {
    const lines = unframed.of(rows);
    const all = isAscii(lines) ? lines.toString('latin1') : lines.toString('utf8');
    const list = all.split('\n');
    list.pop(); // what follows the last line's end
    return decode(list);
  };
}

/** Takes rows out of their frames, into one buffer that is used again and again: large ones of their own bring full collections. */
class Unframed {
  private buffer: Buffer = Buffer.alloc(0);

  /** Until the next call. */
  of(rows: Buffer): Buffer {
    if (this.buffer.length < rows.length) this.buffer = Buffer.allocUnsafeSlow(rows.length * 2);
    let to = 0;
    for (let at = 0; at < rows.length;) {
      const end = at + 1 + rows.readUInt32BE(at + 1);
      to += rows.copy(this.buffer, to, at + FRAME_BYTES, end);
      at = end;
    }
    return this.buffer.subarray(0, to);
  }
}
