import type { JsonObject, JsonValue } from '../../contracts/json.js';
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

/** The value again, with every digit: a float that is whole (36.0) is still one, since templates write it so. */
export function fromPlan(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(fromPlan);
  if (!isObject(value)) return value;
  const digits = digitsOf(value);
  if (digits !== null) return INTEGER.test(digits) ? exactNumber(digits) : new Decimal(digits);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromPlan(item)]));
}

/** A plan's value without the difference between 36.0 and 36, which states of other makers may not keep. */
export function withoutWholeFloats(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutWholeFloats);
  if (!isObject(value)) return value;
  const digits = digitsOf(value);
  if (digits === null) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutWholeFloats(item)]));
  const number = exactNumber(digits);
  return typeof number === 'number' ? number : value;
}

const INTEGER = /^-?\d+$/;

function digitsOf(value: JsonObject): string | null {
  const digits = value[EXACT];
  return typeof digits === 'string' && Object.keys(value).length === 1 ? digits : null;
}
