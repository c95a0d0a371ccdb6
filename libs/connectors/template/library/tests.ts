import { compare, contains, equal } from './operators.js';
import { PyTuple, isDict, isInteger, isNumber, toNumber } from './values.js';

type Test = (value: unknown, args: readonly unknown[]) => boolean;

/** What may follow `is`. */
export const TESTS: Readonly<Record<string, Test>> = {
  none: (value) => value === null,
  None: (value) => value === null,
  defined: (value) => value !== undefined,
  undefined: (value) => value === undefined,
  string: (value) => typeof value === 'string',
  number: (value) => isNumber(value) || typeof value === 'boolean',
  integer: (value) => isInteger(value),
  float: (value) => isNumber(value) && !isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  true: (value) => value === true,
  True: (value) => value === true,
  false: (value) => value === false,
  False: (value) => value === false,
  mapping: (value) => isDict(value),
  sequence: (value) => Array.isArray(value) || typeof value === 'string' || value instanceof PyTuple || isDict(value),
  iterable: (value) =>
    Array.isArray(value) || typeof value === 'string' || value instanceof PyTuple || isDict(value) || value === undefined,
  odd: (value) => Math.abs(toNumber(value) % 2) === 1,
  even: (value) => toNumber(value) % 2 === 0,
  divisibleby: (value, [by]) => toNumber(value) % toNumber(by) === 0,
  in: (value, [items]) => contains(items, value),
  eq: (value, [other]) => equal(value, other),
  equalto: (value, [other]) => equal(value, other),
  ne: (value, [other]) => !equal(value, other),
  gt: (value, [other]) => compare('>', value, other) > 0,
  ge: (value, [other]) => compare('>=', value, other) >= 0,
  lt: (value, [other]) => compare('<', value, other) < 0,
  le: (value, [other]) => compare('<=', value, other) <= 0,
  sameas: (value, [other]) => value === other,
};
