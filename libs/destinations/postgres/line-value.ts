import type { Decoding } from '../../copy-text/index.js';
import { DATE, isDay, TIME, TIMESTAMP, TIMESTAMPTZ, TIMETZ, UUID, type Column, type ColumnType } from '../../typing/index.js';
import type { CopyBytes } from './copy-bytes.js';
import { BIGINT_DIGITS, isDigit } from './verbatim.js';

/** How a value of a source's COPY text gets into a column, as what its record's value would be there. */
export interface LineValue {
  /** Of a value that is not NULL. false: the record has to be looked at. */
  fits: (from: Buffer, start: number, end: number) => boolean;
  /** At most `MOST_ADDED` bytes more than there were. Absent: the text is copied as it stands. */
  write?: (to: CopyBytes, from: Buffer, start: number, end: number) => void;
}

export const MOST_ADDED = 8;

/** null: it never fits as a text that can be told from the bytes, and every record has to be looked at. */
export const lineValueOf = (decoding: Decoding, { type, provisional }: Pick<Column, 'type' | 'provisional'>): LineValue | null =>
  provisional === true ? null : (VALUES[decoding][type] ?? null);

const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const POINT = 0x2e;
const ZERO = 0x30;
const SPACE = 0x20;
const LETTER_T = 0x74;
const LETTER_U = 0x75;
/** Of which a double gives every integer back. */
const DOUBLE_DIGITS = 15;
/** As in `json`: shorter JSON cannot be nested too deep. */
const DEEP_CHARS = 4_000;
const MAX_DEPTH = 1_000;

const as = (fits: LineValue['fits']): LineValue => ({ fits });
const always: LineValue = as(() => true);

const textLike = (fits: (value: string) => boolean): LineValue =>
  as((from, start, end) => fits(from.toString('latin1', start, end)));

/** Whether what was a number is none of NaN and Infinity. */
export const isNumberFrom: LineValue['fits'] = (from, start) => isDigit(from[from[start] === MINUS ? start + 1 : start]);
const number = as(isNumberFrom);

const digits =
  (most: number): LineValue['fits'] =>
  (from, start, end) => {
    const first = from[start] === MINUS ? start + 1 : start;
    if (end - first > most || end === first) return false;
    for (let at = first; at < end; at++) if (!isDigit(from[at])) return false;
    return true;
  };

const within = (least: number, most: number, whole = digits(BIGINT_DIGITS)): LineValue =>
  as((from, start, end) => {
    if (!whole(from, start, end)) return false;
    const value = Number(from.toString('latin1', start, end));
    return value >= least && value <= most;
  });

const integers = (whole?: LineValue['fits']) => ({
  smallint: within(-32_768, 32_767, whole),
  integer: within(-2_147_483_648, 2_147_483_647, whole),
});

/** What is below a millionth a double shows with an exponent. */
const shownAsWritten: LineValue = as((from, start, end) => {
  const first = from[start] === MINUS ? start + 1 : start;
  if (!isDigit(from[first])) return false;
  if (from[first] !== ZERO || end - first < 8 || from[first + 1] !== POINT) return true;
  for (let at = first + 2; at < first + 8; at++) if (from[at] !== ZERO) return true;
  return false;
});

/** Not `infinity`, no year BC, none of five digits: `2026-01-02 03:04:05.6`, with `+00` where it has a zone. */
const isTime: LineValue['fits'] = (from, start, end) =>
  from[start + 10] === SPACE && from[start + 4] === MINUS && isDigit(from[end - 1]);

/** As a record has it: `2026-01-02T03:04:05.6+00:00`. */
const isoText = (zone: string): LineValue => ({
  fits: () => true,
  write: (to, from, start, end) => {
    if (!isTime(from, start, end)) return to.copy(from, start, end);
    to.copy(from, start, start + 10);
    to.byte(0x54);
    to.copy(from, start + 11, end);
    for (let at = 0; at < zone.length; at++) to.byte(zone.charCodeAt(at));
  },
});

const booleanText: LineValue = {
  fits: () => true,
  write: (to, from, start) => {
    for (const letter of from[start] === LETTER_T ? 'true' : 'false') to.byte(letter.charCodeAt(0));
  },
};

/** Of a JSON text; a record and a column have NULL for it. */
export function isJsonNull(from: Buffer, start: number): boolean {
  let at = start;
  while (from[at] === SPACE || (from[at] === BACKSLASH && from[at + 1] !== BACKSLASH)) at += from[at] === SPACE ? 1 : 2; // blanks are escaped
  return from[at] === 0x6e; // no other value begins with this letter
}

/** Braces inside strings count too: then the record is looked at for nothing. */
function isShallow(from: Buffer, start: number, end: number): boolean {
  if (end - start <= DEEP_CHARS) return true;
  let depth = 0;
  for (let at = start; at < end; at++) {
    const code = (from[at] as number) | 0x20; // [ and {, ] and } differ in this bit
    if (code === 0x7b && ++depth > MAX_DEPTH) return false;
    else if (code === 0x7d) depth -= 1;
  }
  return true;
}

/** What was a jsonb is one again. */
const jsonb: LineValue = as((from, start, end) => !isJsonNull(from, start) && isShallow(from, start, end));

/** Any JSON text: not those with \u escapes, exponents or very long numbers, of which a jsonb refuses some. */
const json: LineValue = as((from, start, end) => {
  if (isJsonNull(from, start) || !isShallow(from, start, end)) return false;
  let run = 0;
  for (let at = start; at < end; at++) {
    const code = from[at] as number;
    if (code === LETTER_U && from[at - 1] === BACKSLASH) return false;
    if ((code | 0x20) === 0x65 && run > 0) return false;
    run = isDigit(code) ? run + 1 : 0;
    if (run > DEEP_CHARS) return false;
  }
  return true;
});

const day = (pattern: RegExp): LineValue => textLike((value) => pattern.test(value) && isDay(value));

/** By how a value becomes one of a record, and by the column's type. What is not here is decided by the record's value alone. */
const VALUES: Readonly<Record<Decoding, Readonly<Partial<Record<ColumnType, LineValue>>>>> = {
  text: {
    text: always,
    timestamptz: day(TIMESTAMPTZ),
    timestamp: day(TIMESTAMP),
    date: day(DATE),
    time: textLike((value) => TIME.test(value)),
    timetz: textLike((value) => TIMETZ.test(value)),
    uuid: textLike((value) => UUID.test(value)),
  },
  integer: { bigint: always, numeric: always, text: always, jsonb: always, ...integers() },
  decimal: { numeric: always, text: shownAsWritten, jsonb: number, bigint: as(digits(BIGINT_DIGITS)), ...integers() },
  float: { numeric: always, jsonb: number, bigint: as(digits(DOUBLE_DIGITS)), ...integers(digits(DOUBLE_DIGITS)) },
  boolean: { boolean: always, text: booleanText, jsonb: booleanText },
  timestamptz: { timestamptz: always, timestamp: as(isTime), text: isoText(':00') },
  timestamp: { timestamptz: as(isTime), timestamp: always, text: isoText('') },
  date: { date: always, text: always, timestamptz: day(TIMESTAMPTZ), timestamp: day(TIMESTAMP) },
  time: { time: always, text: always, timetz: textLike((value) => TIMETZ.test(value)) },
  timetz: { timetz: always, text: always },
  json: { jsonb: json },
  jsonb: { jsonb },
  bytea: { bytea: always },
};
