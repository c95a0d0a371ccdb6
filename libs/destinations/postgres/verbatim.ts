import { HAS_ESCAPES, IS_IRREGULAR } from '../../json/index.js';
import { DATE, isDay, TIME, TIMESTAMP, TIMESTAMPTZ, TIMETZ, UUID, type Column } from '../../typing/index.js';
import type { CopyBytes } from './copy-bytes.js';

/**
 * Writes a JSON value, not null, as COPY text, from where it stands in the text. false: it does not fit the column as it is, and the record has to be looked at;
 * what was written by then is void. `flags`: of its field in JsonRows.
 */
export type Verbatim = (to: CopyBytes, from: Buffer, start: number, end: number, flags: number) => boolean;

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
/** Of which every number is a bigint. */
export const BIGINT_DIGITS = 18;

/** null: values of the column are never copied. */
export function verbatimOf({ type, provisional }: Pick<Column, 'type' | 'provisional'>): Verbatim | null {
  if (provisional === true) return null;
  switch (type) {
    case 'smallint':
      return integer(-32_768, 32_767);
    case 'integer':
      return integer(-2_147_483_648, 2_147_483_647);
    case 'bigint':
      return bigint;
    case 'numeric':
      return numeric;
    case 'boolean':
      return boolean;
    case 'text':
      return text;
    case 'timestamptz':
      return dayText(TIMESTAMPTZ);
    case 'timestamp':
      return dayText(TIMESTAMP);
    case 'date':
      return patternText((value) => DATE.test(value) && isDay(value));
    case 'time':
      return patternText((value) => TIME.test(value));
    case 'timetz':
      return patternText((value) => TIMETZ.test(value));
    case 'uuid':
      return patternText((value) => UUID.test(value));
    case 'jsonb':
      return jsonb;
    case 'bytea':
      return null;
    default: {
      const never: never = type;
      throw new Error(`unknown column type ${String(never)}`);
    }
  }
}

export const isDigit = (code: number | undefined): boolean => code !== undefined && code >= ZERO && code <= NINE;

const text: Verbatim = (to, from, start, end, flags) => {
  if (from[start] !== QUOTE) return false;
  if ((flags & HAS_ESCAPES) !== 0) return to.unescaped(from, start + 1, end - 1);
  to.copy(from, start + 1, end - 1);
  return true;
};

const jsonb: Verbatim = (to, from, start, end, flags) => {
  if ((flags & IS_IRREGULAR) !== 0) return false;
  if ((flags & HAS_ESCAPES) !== 0) return to.escapedJson(from, start, end);
  to.copy(from, start, end);
  return true;
};

const numeric: Verbatim = (to, from, start, end, flags) => {
  if ((flags & IS_IRREGULAR) !== 0 || !(isDigit(from[start]) || from[start] === MINUS)) return false;
  to.copy(from, start, end);
  return true;
};

const bigint: Verbatim = (to, from, start, end) => {
  const first = from[start] === MINUS ? start + 1 : start;
  if (end - first > BIGINT_DIGITS) return false;
  for (let at = first; at < end; at++) if (!isDigit(from[at])) return false;
  to.copy(from, start, end);
  return true;
};

const integer =
  (least: number, most: number): Verbatim =>
  (to, from, start, end, flags) => {
    if (end - start > BIGINT_DIGITS || !(isDigit(from[start]) || from[start] === MINUS)) return false;
    const value = Number(from.toString('latin1', start, end));
    return value >= least && value <= most && bigint(to, from, start, end, flags);
  };

const boolean: Verbatim = (to, from, start) => {
  // No other JSON value begins with these letters.
  const code = from[start] as number;
  if (code !== 0x74 && code !== 0x66) return false;
  to.byte(code);
  return true;
};

const patternText =
  (fits: (value: string) => boolean): Verbatim =>
  (to, from, start, end, flags) => {
    if (from[start] !== QUOTE || flags !== 0 || !fits(from.toString('latin1', start + 1, end - 1))) return false;
    to.copy(from, start + 1, end - 1);
    return true;
  };

const dayText = (pattern: RegExp): Verbatim => {
  const any = patternText((value) => pattern.test(value) && isDay(value));
  return (to, from, start, end, flags) => {
    if (!isPlainTime(from, start, end)) return any(to, from, start, end, flags);
    to.copy(from, start + 1, end - 1);
    return true;
  };
};

/**
 * Whether a value is a time as nearly all are, `2026-01-31T23:59:59.123Z`, in quotes: one that every pattern above takes. Its month, day, hour, minute and
 * second are looked at; the days from the 29th on are left to the patterns.
 */
function isPlainTime(from: Buffer, start: number, end: number): boolean {
  const size = end - start;
  if (size < 22 || size > 40 || from[start] !== QUOTE || from[end - 2] !== LETTER_Z || from[start + 11] !== LETTER_T)
    return false;
  if (from[start + 5] !== MINUS || from[start + 8] !== MINUS || from[start + 14] !== 0x3a || from[start + 17] !== 0x3a)
    return false;
  if (from[start + 1] === ZERO || !isDigit(from[start + 1]) || !isDigit(from[start + 2])) return false;
  if (!isDigit(from[start + 3]) || !isDigit(from[start + 4])) return false;
  const month = two(from, start + 6);
  const day = two(from, start + 9);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 28)) return false;
  if (!(two(from, start + 12) <= 23 && two(from, start + 15) <= 59 && two(from, start + 18) <= 59)) return false;
  if (size === 22) return true;
  if (from[start + 20] !== POINT || size === 23) return false;
  for (let at = start + 21; at < end - 2; at++) if (!isDigit(from[at])) return false;
  return true;
}

/** The number of two digits; NaN: they are none. */
function two(from: Buffer, at: number): number {
  const tens = from[at] as number;
  const ones = from[at + 1] as number;
  return tens >= ZERO && tens <= NINE && ones >= ZERO && ones <= NINE ? (tens - ZERO) * 10 + ones - ZERO : NaN;
}
