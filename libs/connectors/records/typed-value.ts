import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isInteger, isNumber } from '../template/values.js';

/** Python's types: a bool is an int too, and an int is no float. */
const VALUE_TYPES = {
  string: (value: unknown) => typeof value === 'string',
  number: (value: unknown) => isNumber(value) && !isInteger(value),
  integer: (value: unknown) => isInteger(value) || typeof value === 'boolean',
  boolean: (value: unknown) => typeof value === 'boolean',
} as const;
type ValueType = keyof typeof VALUE_TYPES;

/** A template's value; where it is of another type than the one asked for, the text that it was rendered as. */
export function typed(value: Interpolation, type: ValueType | undefined, scope: Scope): unknown {
  const evaluated = value.evaluate(scope);
  return type === undefined || VALUE_TYPES[type](evaluated) ? evaluated : value.rendered(scope);
}
