import { Decimal } from '../../json/index.js';
import type { Moment } from '../time/moment.js';
import type { Duration } from '../time/duration.js';

/**
 * Python's values in ours: None is null, jinja's Undefined is undefined, int is a safe integer or BigInt, float is any other number or
 * PyFloat (a whole one: 2.0), str, list is an array, dict an object with own keys (PyDict where a key is no text); the rest are the
 * classes below.
 */
export class PyFloat {
  constructor(readonly value: number) {}
}
export class PyTuple {
  constructor(
    readonly items: readonly unknown[],
    /** Attributes that stand for the items in their order. */
    readonly names: readonly string[] = [],
  ) {}
}
export class PySet {
  constructor(readonly items: readonly unknown[]) {}
}
export class PyBytes {
  constructor(readonly bytes: Uint8Array) {}
}
export class PyDatetime {
  constructor(
    readonly moment: Moment,
    readonly dateOnly = false,
  ) {}
}
export class PyDelta {
  constructor(readonly duration: Duration) {}
}
/** Arguments by name. */
export type Named = Readonly<Record<string, unknown>>;
/** A function or a bound method. */
export class PyCallable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[], named: Named) => unknown,
  ) {}
}
/** What filters like map() give: can be looped over once, item by item, and nothing else. */
export class PyIterator {
  constructor(
    readonly kind: string,
    readonly items: Iterator<unknown>,
  ) {}
}
/** keys(), values() and items() of a dict. */
export class PyView {
  constructor(
    readonly kind: 'dict_keys' | 'dict_values' | 'dict_items',
    readonly items: readonly unknown[],
  ) {}
}
/** `loop`, `namespace()`, `cycler()` and the like: named attributes, perhaps a call, nothing else. */
export class PyObject {
  constructor(
    readonly kind: string,
    readonly attribute: (name: string) => unknown,
    readonly call?: PyCallable['call'],
    /** Of a namespace only. */
    readonly assign?: (name: string, value: unknown) => void,
  ) {}
}

export const isDict = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Parsed JSON, also of another realm, and null-prototype objects; none of our classes.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
};
/** An object without a prototype; a key is defined, never assigned. */
export const dict = (entries: Iterable<readonly [string, unknown]>): Record<string, unknown> => {
  const made = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) made[key] = value;
  return made;
};
export const isInteger = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0));
export const isNumber = (value: unknown): value is number | bigint | PyFloat | Decimal =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof PyFloat || value instanceof Decimal;
export const toNumber = (value: unknown): number =>
  value instanceof PyFloat ? value.value : value instanceof Decimal ? Number(value.toString()) : Number(value);
/** A float, so that a whole one stays one. */
export const float = (value: number): number | PyFloat => (Number.isSafeInteger(value) ? new PyFloat(value) : value);
/** An int, as a number where it is safe. */
export const integer = (value: bigint): number | bigint => {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
};
/** True and False count as 1 and 0 wherever Python computes. */
export const numeric = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);

export function typeName(value: unknown): string {
  if (value === null) return 'NoneType';
  if (value === undefined) return 'Undefined';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (isInteger(value)) return 'int';
  if (isNumber(value)) return 'float';
  if (Array.isArray(value)) return 'list';
  if (value instanceof PyTuple) return 'tuple';
  if (value instanceof PySet) return 'set';
  if (value instanceof PyBytes) return 'bytes';
  if (value instanceof PyDatetime) return value.dateOnly ? 'date' : 'datetime';
  if (value instanceof PyDelta) return 'months' in value.duration && value.duration.months !== 0 ? 'Duration' : 'timedelta';
  if (value instanceof PyView || value instanceof PyIterator || value instanceof PyObject) return value.kind;
  return value instanceof PyCallable ? 'function' : 'dict';
}
