import { stringifyJson } from '../../json/index.js';

/** Thrown out of the encoder by a value that PostgreSQL cannot hold; the record goes to quarantine with this reason. */
export class Unencodable extends Error {
  constructor(readonly reason: 'nul_character' | 'lone_surrogate') {
    super(reason);
  }
}

/** COPY text for NULL. */
export const NULL = '\\N';

const SPECIAL = /[\0\\\t\n\r]/;
const ESCAPED = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A string in COPY text. Lone surrogates are looked for once per page (see encoder), since that check is cheap only in bulk. */
export function text(value: string): string {
  if (!SPECIAL.test(value)) return value;
  if (value.includes('\0')) throw new Unencodable('nul_character');
  return value.replace(ESCAPED, (c) => ESCAPES[c] as string);
}

/** `\u0000` and lone surrogates as JSON.stringify writes them, not preceded by an escaped backslash: jsonb refuses both. */
const JSON_NUL = /(?<!\\)(?:\\\\)*\\u0000/;
const JSON_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** A JSON value in COPY text; JSON null is NULL. JSON text has no raw control characters, so only backslashes are escaped. */
export function json(value: unknown): string {
  let out: string | undefined;
  try {
    out = JSON.stringify(value);
  } catch {
    out = stringifyJson(value); // it holds a BigInt
  }
  if (out === undefined || out === 'null') return NULL;
  if (!out.includes('\\')) return out;
  if (JSON_NUL.test(out)) throw new Unencodable('nul_character');
  if (JSON_SURROGATE.test(out)) throw new Unencodable('lone_surrogate');
  return out.replaceAll('\\', '\\\\');
}

/** Base64 in a column of bytes. */
export function bytes(value: unknown): string {
  return typeof value === 'string' ? `\\\\x${Buffer.from(value, 'base64').toString('hex')}` : scalar(value);
}

/** A non-null value in a column of numbers, text, times or booleans: PostgreSQL decides whether it fits. */
export function scalar(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return object(value as object);
    default:
      return NULL; // undefined, functions and symbols have no JSON
  }
}

/** Dates and numbers with their own text (Decimal) as that text; other objects as JSON. */
function object(value: object): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();

  const own = value.toString !== Object.prototype.toString && !Array.isArray(value);
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- it has a toString of its own
  return own ? text(String(value)) : json(value);
}
