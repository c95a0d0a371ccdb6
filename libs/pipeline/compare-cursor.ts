import { BeyondJson, Decimal } from '../json/index.js';

/** How two cursor values compare: as text (ISO times of one format, ids) or as numbers. */
export type CursorOrder = 'text' | 'number';

/** Negative, 0 or positive, as for sorting. Values must have passed `cursorValue`. Numbers beyond 2^53 compare exactly when they are integers. */
export type CompareCursors = (left: CursorValue, right: CursorValue) => number;
export type CursorValue = string | number | bigint;

const INTEGER = /^[+-]?\d+$/;

/** A record's cursor, comparable in this order, or null when it has none (absent, null, of another kind, not a number). */
export function cursorValue(value: unknown, order: CursorOrder): CursorValue | null {
  const plain = value instanceof Decimal || value instanceof BeyondJson ? value.toString() : value;
  if (order === 'text') {
    if (typeof plain === 'string') return plain;
    return typeof plain === 'number' || typeof plain === 'bigint' || typeof plain === 'boolean' ? String(plain) : null;
  }
  if (typeof plain === 'number') return Number.isFinite(plain) ? plain : null;
  if (typeof plain === 'bigint') return plain;
  if (typeof plain !== 'string') return null;
  const text = plain.trim();
  if (INTEGER.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text.replace('+', ''));
  }
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
}

const natural: CompareCursors = (left, right) => (left < right ? -1 : left > right ? 1 : 0);
const textual: CompareCursors = (left, right) => natural(String(left), String(right));

/** JavaScript compares number with bigint exactly, and text by code unit: that is what both orders need. */
export const compareCursors = (order: CursorOrder): CompareCursors => (order === 'text' ? textual : natural);
