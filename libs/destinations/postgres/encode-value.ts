import { BeyondJson, Decimal, stringifyJson, type BeyondKind } from '../../json/index.js';
import { isPlain, textOf, Unfit, type ColumnType } from '../../typing/index.js';

/** COPY text for NULL. */
export const NULL = '\\N';

const SPECIAL = /[\0\\\t\n\r]/;
const ESCAPED = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A string in COPY text. Lone surrogates are looked for once per page (see encoder), since that check is cheap only in bulk. */
export function text(value: string): string {
  if (!SPECIAL.test(value)) return value;
  if (value.includes('\0')) throw new Unfit('nul_character');
  return value.replace(ESCAPED, (c) => ESCAPES[c] as string);
}

/** `\u0000` and lone surrogates as JSON.stringify writes them, not preceded by an escaped backslash: jsonb refuses both. */
const JSON_NUL = /(?<!\\)(?:\\\\)*\\u0000/;
const JSON_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
/** A number beyond jsonb's, or what looks like one inside a string: the first may only be in what is long or has a large exponent. */
const HUGE_NUMBER = /\d[eE][+-]?\d{4}|\d{10000}/;
/** Doubles are never so large; what is none is written by whom `Decimal.written` tells, or is as long as this. */
const HUGE_CHARS = 100_000;
/** Shorter JSON cannot be nested so deep that PostgreSQL's stack would not do. */
const DEEP_CHARS = 4_000;
const MAX_DEPTH = 1_000;

/** A JSON value in COPY text; JSON null is NULL. JSON text has no raw control characters, so only backslashes are escaped. */
export function json(value: unknown): string {
  const exact = Decimal.written;
  let out: string;
  try {
    out = stringifyJson(value);
  } catch (error) {
    throw error instanceof RangeError ? new Unfit('too_deep') : error; // deeper than the stack
  }
  if (out === 'null') return typeof value === 'number' ? unfit() : NULL; // Infinity and NaN are no JSON
  if ((exact !== Decimal.written || out.length > HUGE_CHARS) && HUGE_NUMBER.test(out) && !numbersFit(value)) unfit();
  if (out.length > DEEP_CHARS && isDeep(out)) throw new Unfit('too_deep');
  if (!out.includes('\\')) return out;
  if (JSON_NUL.test(out)) throw new Unfit('nul_character');
  if (JSON_SURROGATE.test(out)) throw new Unfit('lone_surrogate');
  return out.replaceAll('\\', '\\\\');
}

/** The columns that take what another PostgreSQL shows of a value of the same type, whatever it is. */
const COLUMN_OF: Readonly<Record<BeyondKind, ColumnType>> = {
  ...{ number: 'numeric', date: 'date', timestamp: 'timestamp', timestamptz: 'timestamptz', time: 'time', timetz: 'timetz' },
};

/** A non-null value in a column that it may not fit; undefined: it does not. */
export function slowText(type: ColumnType, value: unknown): string | undefined {
  if (value === null || ['undefined', 'function', 'symbol'].includes(typeof value)) return NULL; // they have no JSON
  if (type === 'jsonb') return json(value);
  if (value instanceof BeyondJson && COLUMN_OF[value.kind] === type) return value.toString();
  const out = textOf(type, value);
  if (out === undefined) return undefined;
  return type === 'bytea' ? `\\\\x${out}` : text(out);
}

const unfit = (): never => {
  throw new Unfit('type_conflict');
};

function numbersFit(value: unknown): boolean {
  if (typeof value === 'bigint' || typeof value === 'number') return textOf('numeric', value) !== undefined;
  if (typeof value !== 'object' || value === null || value instanceof Date) return true;
  if (Array.isArray(value)) return value.every(numbersFit);
  if (!isPlain(value)) return textOf('numeric', value) !== undefined;
  return Object.values(value).every(numbersFit);
}

/** Braces inside strings count too, but strings with so many more of one than of the other are no texts. */
function isDeep(out: string): boolean {
  let depth = 0;
  for (let at = 0; at < out.length; at++) {
    const code = out.charCodeAt(at) | 0x20; // [ and {, ] and } differ in this bit
    if (code === 0x7b && ++depth > MAX_DEPTH) return true;
    else if (code === 0x7d) depth -= 1;
  }
  return false;
}
