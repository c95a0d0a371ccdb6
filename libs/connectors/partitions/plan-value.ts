import type { JsonValue } from '../../contracts/json.js';
import { Decimal, exactNumber } from '../../json/index.js';
import { isObject } from '../manifest/tree.js';

/** Marks a number whose digits JSON's numbers would not keep; no API's object has just this key. */
const EXACT = '$exact';

/** A value of a record as plain JSON, for a plan that is stored. */
export function toPlan(value: unknown): JsonValue {
  if (typeof value === 'bigint' || value instanceof Decimal) return { [EXACT]: String(value) };
  if (Array.isArray(value)) return value.map(toPlan);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toPlan(item)]));
  return (value ?? null) as JsonValue;
}

/** The value again, with every digit. */
export function fromPlan(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(fromPlan);
  if (!isObject(value)) return value;
  const digits = value[EXACT];
  if (typeof digits === 'string' && Object.keys(value).length === 1) return exactNumber(digits);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromPlan(item)]));
}
