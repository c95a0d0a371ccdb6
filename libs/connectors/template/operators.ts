import { addDuration, type Duration } from '../time/duration.js';
import { MICROS_PER_DAY } from '../time/moment.js';
import { TemplateError } from './errors.js';
import { nested, spend } from './meter.js';
import { percentFormat } from './library/percent-format.js';
import {
  HeaderNames,
  PyBytes,
  PyDatetime,
  PyDelta,
  PyDict,
  PyIterator,
  PySet,
  PyTuple,
  PyView,
  each,
  entriesOf,
  float,
  integer,
  isInteger,
  isMapping,
  isNumber,
  lookUp,
  numeric,
  str,
  toNumber,
  truthy,
  typeName,
} from './values.js';

/** Taken once: sums of long lists ask it for every item. */
const { isSafeInteger } = Number;

export type Arithmetic = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** Integers beyond this many bits are refused; Python would go on until memory ends. */
const MAX_BITS = 40_000;
const MAX_YEAR_MICROS = 253_402_300_800_000_000;
const MIN_YEAR_MICROS = -62_135_596_800_000_000;

const mismatch = (operator: string, left: unknown, right: unknown): TemplateError =>
  left === undefined || right === undefined
    ? new TemplateError(`${operator} with a missing value`, 'undefined')
    : new TemplateError(`unsupported operand types for ${operator}: ${typeName(left)} and ${typeName(right)}`, 'type');

export function add(left: unknown, right: unknown): unknown {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (isSafeInteger(sum) && isSafeInteger(left) && isSafeInteger(right)) return sum;
  }
  if (typeof left === 'string' && typeof right === 'string') {
    spend(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) return joined(left, right);
  if (left instanceof PyTuple && right instanceof PyTuple) return new PyTuple(joined(left.items, right.items));
  if (left instanceof PyBytes && right instanceof PyBytes) return new PyBytes(Buffer.concat([left.bytes, right.bytes]));
  if (left instanceof PyDatetime && right instanceof PyDelta) return shift(left, right.duration, 1);
  if (left instanceof PyDelta && right instanceof PyDatetime) return shift(right, left.duration, 1);
  if (left instanceof PyDelta && right instanceof PyDelta) return delta(left.duration, right.duration, 1);
  return arithmetic('+', left, right);
}

function joined(left: readonly unknown[], right: readonly unknown[]): unknown[] {
  spend(left.length + right.length);
  return [...left, ...right];
}

const delta = (left: Duration, right: Duration, sign: 1 | -1): PyDelta =>
  new PyDelta({ months: left.months + sign * right.months, micros: left.micros + sign * right.micros });

function shift({ moment, dateOnly }: PyDatetime, by: Duration, times: 1 | -1): PyDatetime {
  // A date moves by whole days; the rest of the duration does not count.
  const whole = dateOnly ? { ...by, micros: Math.floor(by.micros / MICROS_PER_DAY) * MICROS_PER_DAY } : by;
  if (!Number.isInteger(whole.months)) throw new TemplateError('fractional years or months not supported for date calculations');
  const micros = addDuration(moment.micros, whole, times, moment.offsetMinutes ?? 0);
  if (!(micros >= MIN_YEAR_MICROS && micros < MAX_YEAR_MICROS))
    throw new TemplateError('date value out of range', 'value', 'OverflowError');
  return new PyDatetime({ ...moment, micros }, dateOnly);
}

export function subtract(left: unknown, right: unknown): unknown {
  if (left instanceof PyDatetime && right instanceof PyDelta) return shift(left, right.duration, -1);
  if (left instanceof PyDatetime && right instanceof PyDatetime && comparable(left, right))
    return new PyDelta({ months: 0, micros: left.moment.micros - right.moment.micros });
  if (left instanceof PyDelta && right instanceof PyDelta) return delta(left.duration, right.duration, -1);
  return arithmetic('-', left, right);
}

const comparable = (left: PyDatetime, right: PyDatetime): boolean =>
  left.dateOnly === right.dateOnly && (left.moment.offsetMinutes === null) === (right.moment.offsetMinutes === null);

export function multiply(left: unknown, right: unknown): unknown {
  const swapped = isNumber(left) || typeof left === 'boolean';
  const [sequence, count] = swapped ? [right, numeric(left)] : [left, numeric(right)];
  if (isInteger(count)) {
    const times = Math.max(0, Number(count));
    if (typeof sequence === 'string') {
      spend(sequence.length * times);
      return sequence.repeat(sequence === '' ? 0 : times);
    }
    if (Array.isArray(sequence)) return repeated(sequence, times);
    if (sequence instanceof PyTuple) return new PyTuple(repeated(sequence.items, times));
  }
  if (sequence instanceof PyDelta && isNumber(count)) {
    const { months, micros } = sequence.duration;
    return new PyDelta({ months: months * toNumber(count), micros: Math.round(micros * toNumber(count)) });
  }
  return arithmetic('*', left, right);
}

function repeated(items: readonly unknown[], times: number): unknown[] {
  spend(items.length * times);
  return items.length === 0 ? [] : Array.from({ length: times }, () => items).flat();
}

/** `%` formats where a text is on its left. */
export function modulo(left: unknown, right: unknown): unknown {
  if (typeof left === 'string') return percentFormat(left, right);
  return arithmetic('%', left, right);
}

export function arithmetic(operator: Arithmetic, leftValue: unknown, rightValue: unknown): unknown {
  const [left, right] = [numeric(leftValue), numeric(rightValue)];
  if (left instanceof PyDelta && right !== undefined) return divideDelta(operator, left, right);
  if (!isNumber(left) || !isNumber(right)) throw mismatch(operator, leftValue, rightValue);
  const divides = operator === '/' || operator === '//' || operator === '%';
  if ((divides && toNumber(right) === 0) || (operator === '**' && toNumber(left) === 0 && toNumber(right) < 0))
    throw new TemplateError('division by zero', 'value', 'ZeroDivisionError');
  if (isInteger(left) && isInteger(right) && operator !== '/' && !(operator === '**' && right < 0))
    return exact(operator, BigInt(left), BigInt(right));
  const [a, b] = [finite(left), finite(right)];
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
      return float((a - remainder(a, b)) / b);
    case '%':
      return float(remainder(a, b));
    case '**': {
      const power = a ** b;
      if (!Number.isFinite(power) && Number.isFinite(a) && Number.isFinite(b))
        throw new TemplateError('Numerical result out of range', 'value', 'OverflowError');
      return float(power);
    }
  }
}

/** Python's: of the sign of the divisor. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  if (rest !== 0) return rest < 0 === b < 0 ? rest : rest + b;
  return b < 0 ? -0 : 0;
}

/** An int that no float holds raises, as in Python. */
function finite(value: unknown): number {
  const number = toNumber(value);
  if (typeof value === 'bigint' && !Number.isFinite(number))
    throw new TemplateError('int too large to convert to float', 'value', 'OverflowError');
  return number;
}

function divideDelta(operator: Arithmetic, left: PyDelta, right: unknown): unknown {
  const { micros } = left.duration;
  if (operator !== '/' && operator !== '//' && operator !== '%') throw mismatch(operator, left, right);
  if (right instanceof PyDelta && right.duration.micros !== 0) {
    const by = right.duration.micros;
    if (operator === '/') return float(micros / by);
    return operator === '//' ? Math.floor(micros / by) : new PyDelta({ months: 0, micros: remainder(micros, by) + 0 });
  }
  if (!isNumber(right) || operator === '%' || (operator === '//' && !isInteger(right)) || left.duration.months !== 0)
    throw mismatch(operator, left, right);
  if (toNumber(right) === 0) throw new TemplateError('division by zero', 'value', 'ZeroDivisionError');
  const quotient = micros / toNumber(right);
  return new PyDelta({ months: 0, micros: operator === '//' ? Math.floor(quotient) : Math.round(quotient) });
}

function exact(operator: Exclude<Arithmetic, '/'>, a: bigint, b: bigint): number | bigint {
  switch (operator) {
    case '+':
      return sized(a + b);
    case '-':
      return sized(a - b);
    case '*':
      return sized(a * b);
    case '//':
      return integer((a - (((a % b) + b) % b)) / b);
    case '%':
      return integer(((a % b) + b) % b);
    case '**':
      if (a !== 0n && a !== 1n && a !== -1n && BigInt(a.toString(2).length) * b > MAX_BITS)
        throw new TemplateError('the power is too large', 'value', 'TemplateLimit');
      return integer(a ** b);
  }
}

function sized(value: bigint): number | bigint {
  const small = integer(value);
  if (typeof small === 'bigint') {
    const bits = value.toString(16).length * 4;
    spend(bits / 64);
    if (bits > MAX_BITS) throw new TemplateError('the number is too large', 'value', 'TemplateLimit');
  }
  return small;
}

export function negate(value: unknown): unknown {
  if (value instanceof PyDelta) return new PyDelta({ months: -value.duration.months, micros: -value.duration.micros });
  if (isNumber(value) && !isInteger(value)) return float(-toNumber(value));
  return arithmetic('-', 0, value);
}

export const positive = (value: unknown): unknown =>
  value instanceof PyDelta || (isNumber(value) && !isInteger(value)) ? value : arithmetic('+', 0, value);

/** Python's ==. */
export function equal(leftValue: unknown, rightValue: unknown): boolean {
  if (typeof leftValue === 'string' || leftValue === null) return leftValue === rightValue;
  const [left, right] = [numeric(leftValue), numeric(rightValue)];
  if (isNumber(left) && isNumber(right))
    return isInteger(left) && isInteger(right) ? BigInt(left) === BigInt(right) : toNumber(left) === toNumber(right);
  if (Array.isArray(left) && Array.isArray(right)) return sameItems(left, right);
  if (left instanceof PyTuple && right instanceof PyTuple) return sameItems(left.items, right.items);
  if (left instanceof PyBytes && right instanceof PyBytes) return Buffer.compare(left.bytes, right.bytes) === 0;
  if (left instanceof PyDatetime && right instanceof PyDatetime)
    return comparable(left, right) && left.moment.micros === right.moment.micros;
  if (left instanceof PyDelta && right instanceof PyDelta)
    return left.duration.months === right.duration.months && left.duration.micros === right.duration.micros;
  if (left instanceof PyView && right instanceof PyView) return left.kind === right.kind && sameItems(left.items, right.items);
  if (isMapping(left) && isMapping(right)) return sameEntries(left, right);
  return left === right;
}

function sameItems(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  spend(left.length);
  return nested(() => left.every((item, i) => equal(item, right[i])));
}

function sameEntries(left: Parameters<typeof entriesOf>[0], right: Parameters<typeof entriesOf>[0]): boolean {
  const [entries, others] = [entriesOf(left), entriesOf(right)];
  if (entries.length !== others.length) return false;
  spend(entries.length);
  const absent = {};
  return nested(() =>
    entries.every(([key, value]) => {
      const other = lookUp(right, key, absent);
      return other !== absent && equal(value, other);
    }),
  );
}

/** Negative, zero or positive, NaN where neither holds; Python's TypeError for values without an order. */
export function compare(operator: string, leftValue: unknown, rightValue: unknown): number {
  const [left, right] = [numeric(leftValue), numeric(rightValue)];
  if (isNumber(left) && isNumber(right)) {
    const [a, b] = isInteger(left) && isInteger(right) ? [left, right] : [toNumber(left), toNumber(right)];
    return a < b ? -1 : a > b ? 1 : a == b ? 0 : NaN;
  }
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (left instanceof PyDatetime && right instanceof PyDatetime && comparable(left, right))
    return left.moment.micros - right.moment.micros;
  if (left instanceof PyDelta && right instanceof PyDelta && left.duration.months === 0 && right.duration.months === 0)
    return left.duration.micros - right.duration.micros;
  if (Array.isArray(left) && Array.isArray(right)) return compareItems(operator, left, right);
  if (left instanceof PyTuple && right instanceof PyTuple) return compareItems(operator, left.items, right.items);
  if (left instanceof PyBytes && right instanceof PyBytes) return Buffer.compare(left.bytes, right.bytes);
  throw mismatch(operator, leftValue, rightValue);
}

/** By code points: JavaScript's own order puts 😀 before ﬀ. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  if (!/[\ud800-\udfff]/.test(left + right)) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function compareItems(operator: string, left: readonly unknown[], right: readonly unknown[]): number {
  spend(Math.min(left.length, right.length));
  for (let i = 0; i < Math.min(left.length, right.length); i++)
    if (!equal(left[i], right[i])) return nested(() => compare(operator, left[i], right[i]));
  return left.length - right.length;
}

/** `needle in haystack`. */
export function contains(haystack: unknown, needle: unknown): boolean {
  if (typeof haystack === 'string') {
    if (typeof needle !== 'string')
      throw new TemplateError(`'in <string>' requires string as left operand, not ${typeName(needle)}`, 'type');
    spend(1);
    return haystack.includes(needle);
  }
  if (haystack instanceof PyDict || haystack instanceof HeaderNames || isMapping(haystack)) {
    const absent = {};
    return lookUp(haystack, needle, absent) !== absent;
  }
  if (haystack instanceof PySet || haystack instanceof PyView || haystack instanceof PyIterator || Array.isArray(haystack))
    return some(haystack, needle);
  if (haystack instanceof PyTuple) return some(haystack, needle);
  if (haystack === undefined) return false;
  throw new TemplateError(`argument of type '${typeName(haystack)}' is not iterable`, 'type');
}

function some(items: unknown, needle: unknown): boolean {
  for (const item of each(items)) if (item === needle || equal(item, needle)) return true;
  return false;
}

export function concatenate(left: unknown, right: unknown): string {
  const [a, b] = [str(left), str(right)];
  spend(a.length + b.length);
  return a + b;
}
export const not = (value: unknown): boolean => !truthy(value);
