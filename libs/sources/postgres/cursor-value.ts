import type { CursorColumn } from './describe-table.js';
import { timeBound, type Bound } from './cursor-window.policy.js';

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ Tt](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?)?$/;
const BITS: Readonly<Record<string, bigint>> = { int2: 16n, int4: 32n, int8: 64n };
const LAST_TIME = '9999-12-31 23:59:59.999999';
const MINUTE = 60_000_000n;

/**
 * A value that somebody wrote, as the cursor's bound: an integer of the column's type, or a time in ISO 8601 or as a bound (without a zone it is
 * UTC; of a column without zones it must have none). null: it is none. Pure.
 */
export function boundOf(text: string, cursor: Pick<CursorColumn, 'base' | 'order'>): Bound | null {
  if (cursor.order === 'text') {
    const at = microseconds(text, cursor.base === 'timestamptz');
    return at === null ? null : timeBound(at);
  }
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const [value, end] = [BigInt(text), BigInt(endOf(cursor))];
  return value < -end || value > end ? null : String(value);
}

/** The lowest bound above all values that are read. Pure. */
export const endOf = ({ base, order }: Pick<CursorColumn, 'base' | 'order'>): Bound =>
  order === 'text' ? LAST_TIME : String(1n << ((BITS[base] ?? 64n) - 1n));

/** The least bound above another one, at most the end. Pure. */
export function nextBound(bound: Bound, cursor: Pick<CursorColumn, 'base' | 'order'>): Bound {
  if (bound === endOf(cursor)) return bound;
  if (cursor.order === 'number') return String(BigInt(bound) + 1n);
  return timeBound((microseconds(bound, false) as bigint) + 1n);
}

function microseconds(text: string, zones: boolean): bigint | null {
  const [, day, minutes = '00:00', seconds = '00', fraction = '', utc, sign, hours, rest = '00'] = TIME.exec(text) ?? [];
  if (day === undefined || ((utc ?? sign) !== undefined && !zones) || Number(hours ?? 0) > 15 || Number(rest) > 59) return null;
  const local = `${day}T${minutes}:${seconds}.000Z`;
  const ms = Date.parse(local);
  // 30 February and 24:00 are other days' times to some.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== local) return null;
  const offset = BigInt(hours ?? 0) * 60n + BigInt(rest);
  const at = BigInt(ms) * 1_000n + BigInt(fraction.padEnd(6, '0')) - (sign === '-' ? -offset : offset) * MINUTE;
  return at < FIRST_TIME || at > BigInt(Date.parse('9999-12-31T23:59:59.999Z')) * 1_000n + 999n ? null : at;
}

const FIRST_TIME = BigInt(Date.parse('0001-01-01T00:00:00.000Z')) * 1_000n;
