import { isDeepStrictEqual } from 'node:util';

/** PostgreSQL type ids whose text form has more than one spelling for the same value. */
const BOOL = 16;
const NUMERIC_TYPES = new Set([20, 21, 23, 700, 701, 1700]);
const TIME_TYPES = new Set([1114, 1184]);
const JSON_TYPES = new Set([114, 3802]);

/** A decimal without superfluous zeros: 12.50 → 12.5, 3.0 → 3, -0 → 0. */
function plainDecimal(text: string): string {
  const trimmed = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return trimmed === '-0' ? '0' : trimmed;
}

/** A scalar as text; anything else is not what such a column holds and compares unequal. */
function text(sent: unknown): string {
  return typeof sent === 'string' || typeof sent === 'number' || typeof sent === 'bigint' ? String(sent) : '';
}

/**
 * Whether a column's text (PostgreSQL's output in a session with TimeZone UTC; null for NULL) is the value that the API sent.
 * `typeId` is the column's type id.
 */
export function sameValue(sent: unknown, stored: string | null, typeId: number): boolean {
  if (sent === null || sent === undefined) return stored === null;
  if (stored === null) return false;
  if (typeId === BOOL) return stored === (sent === true ? 't' : 'f');
  if (NUMERIC_TYPES.has(typeId)) return plainDecimal(stored) === plainDecimal(text(sent));
  if (TIME_TYPES.has(typeId))
    return Date.parse(stored.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')) === Date.parse(text(sent));
  if (JSON_TYPES.has(typeId)) return isDeepStrictEqual(JSON.parse(stored), sent);
  return stored === sent;
}
