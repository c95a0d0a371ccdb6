import {
  HeaderNames,
  PyBytes,
  PyDatetime,
  PyDelta,
  PyDict,
  PyTuple,
  float,
  isDict,
  isInteger,
  isNumber,
  toNumber,
} from '../values.js';
import { method, type Method } from './arguments.js';
import { DICT_METHODS, HEADER_METHODS, LIST_METHODS, TUPLE_METHODS } from './collection-methods.js';
import { DATETIME_METHODS, DATE_METHODS, DELTA_METHODS } from './datetime-methods.js';
import { BYTES_METHODS, TEXT_METHODS } from './text-methods.js';

const INTEGER_METHODS: Readonly<Record<string, Method<number | bigint>>> = {
  bit_length: method('', (self) => (self === 0 ? 0 : BigInt(self).toString(2).replace('-', '').length)),
  conjugate: method('', (self) => self),
};
const FLOAT_METHODS: Readonly<Record<string, Method>> = {
  is_integer: method('', (self) => Number.isInteger(toNumber(self))),
  conjugate: method('', (self) => float(toNumber(self))),
};

type Table = Readonly<Record<string, Method<never>>>;

function tableOf(value: unknown): Table | undefined {
  if (typeof value === 'string') return TEXT_METHODS;
  if (isDict(value)) return DICT_METHODS;
  if (Array.isArray(value)) return LIST_METHODS;
  if (value instanceof PyDict) return DICT_METHODS;
  if (value instanceof HeaderNames) return HEADER_METHODS;
  if (value instanceof PyTuple) return TUPLE_METHODS;
  if (value instanceof PyDatetime) return value.dateOnly ? DATE_METHODS : DATETIME_METHODS;
  if (value instanceof PyDelta) return DELTA_METHODS;
  if (value instanceof PyBytes) return BYTES_METHODS;
  if (isInteger(value)) return INTEGER_METHODS;
  return isNumber(value) ? FLOAT_METHODS : undefined;
}

/** A method of a value, or undefined. Only those listed exist: nothing of JavaScript's own can be reached. */
export function findMethod(value: unknown, name: string): Method | undefined {
  const table = tableOf(value);
  // The tables are keyed by the type of the value that they are asked with.
  return table !== undefined && Object.hasOwn(table, name) ? (table[name] as Method | undefined) : undefined;
}
