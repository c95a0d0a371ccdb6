import { addDuration } from '../time/duration.js';
import { TemplateError } from './errors.js';
import {
  PyDatetime,
  PyDelta,
  PyTuple,
  float,
  integer,
  isDict,
  isInteger,
  isNumber,
  repr,
  str,
  toNumber,
  truthy,
  typeName,
} from './values.js';

/** Longest text or list that an expression may build, and largest power. */
const MAX_LENGTH = 1_000_000;
const MAX_POWER_BITS = 20_000;

export function bounded(text: string): string {
  if (text.length > MAX_LENGTH) throw new TemplateError(`the text grows beyond ${MAX_LENGTH} characters`);
  return text;
}

const numeric = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);
const mismatch = (operator: string, left: unknown, right: unknown): TemplateError =>
  left === undefined || right === undefined
    ? new TemplateError(`${operator} with a missing value`, 'undefined')
    : new TemplateError(`unsupported operand types for ${operator}: ${typeName(left)} and ${typeName(right)}`, 'type');

export function add(left: unknown, right: unknown): unknown {
  if (typeof left === 'string' && typeof right === 'string') return bounded(left + right);
  if (Array.isArray(left) && Array.isArray(right)) return [...(left as unknown[]), ...(right as unknown[])];
  if (left instanceof PyTuple && right instanceof PyTuple) return new PyTuple([...left.items, ...right.items]);
  if (left instanceof PyDatetime && right instanceof PyDelta) return shift(left, right, 1);
  if (left instanceof PyDelta && right instanceof PyDatetime) return shift(right, left, 1);
  if (left instanceof PyDelta && right instanceof PyDelta)
    return new PyDelta({
      months: left.duration.months + right.duration.months,
      micros: left.duration.micros + right.duration.micros,
    });
  return arithmetic('+', left, right);
}

export function subtract(left: unknown, right: unknown): unknown {
  if (left instanceof PyDatetime && right instanceof PyDelta) return shift(left, right, -1);
  if (left instanceof PyDatetime && right instanceof PyDatetime)
    return new PyDelta({ months: 0, micros: left.moment.micros - right.moment.micros });
  if (left instanceof PyDelta && right instanceof PyDelta)
    return new PyDelta({
      months: left.duration.months - right.duration.months,
      micros: left.duration.micros - right.duration.micros,
    });
  return arithmetic('-', left, right);
}

function shift(at: PyDatetime, by: PyDelta, times: 1 | -1): PyDatetime {
  return new PyDatetime({ ...at.moment, micros: addDuration(at.moment.micros, by.duration, times) }, at.dateOnly);
}

export function multiply(left: unknown, right: unknown): unknown {
  const [sequence, count] = typeof left === 'string' || Array.isArray(left) ? [left, numeric(right)] : [right, numeric(left)];
  if ((typeof sequence === 'string' || Array.isArray(sequence)) && isInteger(count)) {
    const times = Math.max(0, Number(count));
    if (sequence.length * times > MAX_LENGTH) throw new TemplateError(`the repetition grows beyond ${MAX_LENGTH}`);
    return typeof sequence === 'string'
      ? sequence.repeat(times)
      : Array.from({ length: times }, () => sequence as unknown[]).flat();
  }
  return arithmetic('*', left, right);
}

export function arithmetic(
  operator: '+' | '-' | '*' | '/' | '//' | '%' | '**',
  leftValue: unknown,
  rightValue: unknown,
): unknown {
  const [left, right] = [numeric(leftValue), numeric(rightValue)];
  if (!isNumber(left) || !isNumber(right)) throw mismatch(operator, leftValue, rightValue);
  const divides = operator === '/' || operator === '//' || operator === '%';
  if (divides && toNumber(right) === 0) throw new TemplateError('division by zero');
  if (isInteger(left) && isInteger(right) && operator !== '/' && !(operator === '**' && right < 0))
    return exact(operator, BigInt(left), BigInt(right));
  const [a, b] = [toNumber(left), toNumber(right)];
  switch (operator) {
    case '+':
      return float(a + b);
    case '-':
      return float(a - b);
    case '*':
      return float(a * b);
    case '/':
      return float(a / b);
    case '//':
      return float(Math.floor(a / b));
    case '%':
      return float(a - b * Math.floor(a / b));
    case '**':
      return float(a ** b);
  }
}

function exact(operator: '+' | '-' | '*' | '//' | '%' | '**', a: bigint, b: bigint): number | bigint {
  switch (operator) {
    case '+':
      return integer(a + b);
    case '-':
      return integer(a - b);
    case '*':
      return integer(a * b);
    case '//':
      return integer((a - (((a % b) + b) % b)) / b);
    case '%':
      return integer(((a % b) + b) % b);
    case '**':
      if (BigInt(a.toString(2).length) * b > MAX_POWER_BITS) throw new TemplateError('the power is too large');
      return integer(a ** b);
  }
}

export function negate(value: unknown): unknown {
  if (value instanceof PyDelta) return new PyDelta({ months: -value.duration.months, micros: -value.duration.micros });
  return arithmetic('-', 0, value);
}

/** Python's ==. */
export function equal(leftValue: unknown, rightValue: unknown): boolean {
  const [left, right] = [numeric(leftValue), numeric(rightValue)];
  if (isNumber(left) && isNumber(right))
    return isInteger(left) && isInteger(right) ? BigInt(left) === BigInt(right) : toNumber(left) === toNumber(right);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, i) => equal(item, right[i]));
  if (left instanceof PyTuple && right instanceof PyTuple) return equal([...left.items], [...right.items]);
  if (left instanceof PyDatetime && right instanceof PyDatetime) return left.moment.micros === right.moment.micros;
  if (left instanceof PyDelta && right instanceof PyDelta) return repr(left) === repr(right);
  if (isDict(left) && isDict(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
    );
  }
  return left === right;
}

/** Negative, zero or positive; Python's TypeError for values without an order. */
export function compare(operator: string, leftValue: unknown, rightValue: unknown): number {
  const [left, right] = [numeric(leftValue), numeric(rightValue)];
  if (isNumber(left) && isNumber(right)) {
    const [a, b] = isInteger(left) && isInteger(right) ? [left, right] : [toNumber(left), toNumber(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (left instanceof PyDatetime && right instanceof PyDatetime) return left.moment.micros - right.moment.micros;
  if (left instanceof PyDelta && right instanceof PyDelta) return left.duration.micros - right.duration.micros;
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let i = 0; i < Math.min(left.length, right.length); i++)
      if (!equal(left[i], right[i])) return compare(operator, left[i], right[i]);
    return left.length - right.length;
  }
  throw mismatch(operator, leftValue, rightValue);
}

/** `needle in haystack`. */
export function contains(haystack: unknown, needle: unknown): boolean {
  if (typeof haystack === 'string') {
    if (typeof needle !== 'string') throw new TemplateError(`'in <string>' needs a string, not ${typeName(needle)}`, 'type');
    return haystack.includes(needle);
  }
  if (Array.isArray(haystack)) return haystack.some((item) => equal(item, needle));
  if (haystack instanceof PyTuple) return haystack.items.some((item) => equal(item, needle));
  if (haystack === undefined) return false;
  if (isDict(haystack)) return typeof needle === 'string' && Object.hasOwn(haystack, needle);
  throw new TemplateError(`${typeName(haystack)} holds no items`, 'type');
}

export const concatenate = (left: unknown, right: unknown): string => bounded(str(left) + str(right));
export const not = (value: unknown): boolean => !truthy(value);
