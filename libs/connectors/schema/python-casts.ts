import { Decimal } from '../../json/index.js';
import { isNumber, str, toNumber, truthy } from '../template/values.js';

/** Turns a value into what Python's constructor of that type makes of it; what it refuses stays as it is. */
export type Cast = (value: unknown) => unknown;

export const toText: Cast = (value) => (typeof value === 'string' ? value : str(value ?? null));

const SPACE = /^[\s\x85]+|[\s\x85]+$/g;
const strip = (text: string): string => text.replace(SPACE, '');

const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const NO_NUMBER = /^[+-]?(?:nan|inf(?:inity)?)$/i;

/** `float()`: a double, so that digits beyond it are lost, as in Airbyte. "nan" and "inf" are numbers that JSON shows as null. */
export const toFloat: Cast = (value) => {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isNumber(value)) {
    const number = toNumber(value);
    return Number.isFinite(number) ? number : value;
  }
  if (typeof value !== 'string') return value;
  const text = strip(value);
  if (FLOAT.test(text)) return Number(text.replaceAll('_', ''));
  return NO_NUMBER.test(text) ? NaN : value;
};

/** Python reads no longer ones. */
const MOST_DIGITS = 4_300;

/** `int()`: a number's whole part, or a text of digits, in full. */
export const toInteger: Cast = (value) => {
  if (typeof value === 'number' || value instanceof Decimal) return wholePart(toNumber(value), value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isNumber(value)) return typeof value === 'bigint' ? value : wholePart(toNumber(value), value);
  if (typeof value !== 'string') return value;
  const text = strip(value);
  if (text.length > MOST_DIGITS || !/^[+-]?\d+(?:_\d+)*$/.test(text)) return value;
  return plain(BigInt(text.replaceAll('_', '').replace(/^\+/, '')));
};

const wholePart = (number: number, otherwise: unknown): unknown => {
  if (Number.isSafeInteger(number)) return number;
  return Number.isFinite(number) ? plain(BigInt(Math.trunc(number))) : otherwise;
};
const plain = (integer: bigint): number | bigint => {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
};

const TRUE_WORDS = new Set(['y', 'yes', 't', 'true', 'on', '1']);
const FALSE_WORDS = new Set(['n', 'no', 'f', 'false', 'off', '0']);

/** The usual words for yes and no; of other values, whether they are anything at all: null is false. */
export const toBoolean: Cast = (value) => {
  if (typeof value !== 'string') return truthy(value);
  const word = strip(value.toLowerCase());
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : value;
};
