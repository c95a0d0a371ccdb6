import { BeyondJson } from '../json/index.js';
import type { ColumnType } from './column.js';
import { textOfNumber, textOfString } from './value-text.js';
import { widen } from './widen.js';

/** The narrowest type for a value that no schema describes; null: it says nothing (null). Texts stay text, whatever they look like. */
export function typeOfValue(value: unknown): ColumnType | null {
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'text';
    case 'number':
    case 'bigint':
      return typeOfNumber(String(value));
    case 'object':
      if (value === null) return null;
      if (value instanceof Date) return 'timestamptz';
      if (value instanceof BeyondJson) return 'text';
      return typeOfObject(value);
    default:
      return null;
  }
}

/** An object as JSON.parse makes them; a field of it may be called `toString`. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}

/** Numbers that a double cannot hold are objects with their digits as text; null: another object. */
export function ownText(value: object): string | null {
  if (isPlain(value) || Array.isArray(value)) return null;
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- it has a toString of its own
  return String(value);
}

function typeOfObject(value: object): ColumnType {
  const digits = ownText(value);
  return digits === null ? 'jsonb' : typeOfNumber(digits);
}

const typeOfNumber = (digits: string): ColumnType =>
  textOfNumber('bigint', digits) !== undefined ? 'bigint' : textOfNumber('numeric', digits) !== undefined ? 'numeric' : 'text';

/** The type that a column needs for a value which does not fit it: the next wider one that takes it. */
export function typeFor(current: ColumnType, value: unknown): ColumnType | null {
  const own = typeOfValue(value);
  if (own === null) return null;
  if (own !== 'text' || typeof value !== 'string') return widen(current, own);
  for (const type of WIDER[current] ?? []) if (textOfString(type, value) !== undefined) return type;
  return widen(current, 'text');
}

/** Which types to try for a text before it is to be text. */
const WIDER: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  smallint: ['integer', 'bigint', 'numeric'],
  integer: ['bigint', 'numeric'],
  bigint: ['numeric'],
  date: ['timestamp', 'timestamptz'],
  timestamp: ['timestamptz'],
};
