import type { ColumnType } from './column.js';

const NUMBERS: readonly ColumnType[] = ['smallint', 'integer', 'bigint', 'numeric'];
const DAYS: readonly ColumnType[] = ['date', 'timestamp', 'timestamptz'];

/**
 * The type of a column of `current` that is to hold values of `wanted` too, without losing any of either. Pure, and never narrower than
 * `current`: text holds every scalar and the JSON text of everything else, jsonb holds every JSON value as it is.
 */
export function widen(current: ColumnType, wanted: ColumnType): ColumnType {
  if (current === wanted || current === 'text' || current === 'jsonb') return current;
  if (wanted === 'jsonb') return 'jsonb';
  for (const chain of [NUMBERS, DAYS])
    if (chain.includes(current) && chain.includes(wanted))
      return chain[Math.max(chain.indexOf(current), chain.indexOf(wanted))] ?? current;
  return 'text';
}

/** Whether a column of `type` takes every value of `other`. */
export const holds = (type: ColumnType, other: ColumnType): boolean => widen(type, other) === type;

/** Whether a key or a cursor may be changed so: its order and its equality must stay what they are. */
export const keepsOrder = (from: ColumnType, to: ColumnType): boolean =>
  from === to || (NUMBERS.includes(from) && NUMBERS.includes(to) && NUMBERS.indexOf(from) < NUMBERS.indexOf(to));
