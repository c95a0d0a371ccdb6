import { BeyondJson, stringifyJson } from '../json/index.js';
import type { ColumnType } from './column.js';
import { ownText } from './type-of-value.js';
import { textOfBoolean, textOfNumber, textOfString } from './value-text.js';

/** The text of any value but null in a column, jsonb aside, which takes them all; undefined: it does not fit. */
export function textOf(type: ColumnType, value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return textOfString(type, value);
    case 'number':
    case 'bigint':
      return textOfNumber(type, String(value));
    case 'boolean':
      return textOfBoolean(type, value);
    case 'object':
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : textOfString(type, value.toISOString());
      if (value instanceof BeyondJson) return textOfString(type, value.toString());
      return textOfObject(type, value as object);
    default:
      return undefined;
  }
}

function textOfObject(type: ColumnType, value: object): string | undefined {
  const digits = ownText(value);
  if (digits !== null) return textOfNumber(type, digits);
  return type === 'text' ? stringifyJson(value) : undefined;
}
