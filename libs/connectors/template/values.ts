import { Decimal } from '../../json/index.js';
import { calendarOf, type Moment } from '../time/moment.js';
import { datetimeFormat } from '../time/datetime-format.js';
import type { Duration } from '../time/duration.js';
import { TemplateError } from './errors.js';

/**
 * Python's values in ours: None is null, jinja's Undefined is undefined, int is a safe integer or BigInt, float is any other number or
 * PyFloat (a whole one: 2.0), str, list is an array, dict an object with own keys; the rest are the classes below.
 */
export class PyFloat {
  constructor(readonly value: number) {}
}
export class PyTuple {
  constructor(readonly items: readonly unknown[]) {}
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
/** A function or a bound method. */
export class PyCallable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown,
  ) {}
}

export const isDict = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Parsed JSON, also of another realm, and null-prototype objects; none of our classes.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};
export const dict = (entries: Iterable<readonly [string, unknown]>): Record<string, unknown> =>
  Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(entries));

export const isInteger = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
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

export function typeName(value: unknown): string {
  if (value === null) return 'NoneType';
  if (value === undefined) return 'Undefined';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (isInteger(value)) return 'int';
  if (isNumber(value)) return 'float';
  if (Array.isArray(value)) return 'list';
  if (value instanceof PyTuple) return 'tuple';
  if (value instanceof PyDatetime) return value.dateOnly ? 'date' : 'datetime';
  if (value instanceof PyDelta) return 'timedelta';
  return value instanceof PyCallable ? 'function' : 'dict';
}

export function truthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (isNumber(value)) return toNumber(value) !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof PyTuple) return value.items.length > 0;
  if (value instanceof PyDelta) return value.duration.micros !== 0 || value.duration.months !== 0;
  return isDict(value) ? Object.keys(value).length > 0 : true;
}

/** Python's str(). */
export function str(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return repr(value);
}

/** Python's repr(), as far as values here have one. */
export function repr(value: unknown): string {
  if (value === null) return 'None';
  if (value === undefined) return 'Undefined';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quote(value);
  if (isInteger(value)) return String(value);
  if (isNumber(value)) return floatText(toNumber(value));
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (value instanceof PyTuple)
    return value.items.length === 1 ? `(${repr(value.items[0])},)` : `(${value.items.map(repr).join(', ')})`;
  if (value instanceof PyDatetime) return datetimeText(value);
  if (value instanceof PyDelta) return deltaText(value.duration);
  if (value instanceof PyCallable) return `<function ${value.name}>`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
    .join(', ')}}`;
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = '';
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (letter === '\\' || letter === mark) out += `\\${letter}`;
    else if (letter === '\n') out += '\\n';
    else if (letter === '\r') out += '\\r';
    else if (letter === '\t') out += '\\t';
    else if (code < 32 || (code >= 127 && code < 161) || code === 0xad) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (/[\p{C}\p{Z}]/u.test(letter) && letter !== ' ')
      out += code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
    else out += letter;
  }
  return mark + out + mark;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    const [digits = '', power = ''] = value.toExponential().split('e');
    return `${digits}e${power[0] ?? '+'}${power.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

function datetimeText({ moment, dateOnly }: PyDatetime): string {
  const fraction = calendarOf(moment).micro === 0 ? '' : '.%f';
  const text = datetimeFormat(dateOnly ? '%Y-%m-%d' : `%Y-%m-%d %H:%M:%S${fraction}%z`).format(moment);
  return dateOnly ? text : text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
}

function deltaText({ micros }: Duration): string {
  const days = Math.floor(micros / 86_400_000_000);
  const rest = micros - days * 86_400_000_000;
  const seconds = Math.floor(rest / 1_000_000);
  const two = (part: number): string => String(part).padStart(2, '0');
  const clock = `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = rest % 1_000_000 === 0 ? '' : `.${String(rest % 1_000_000).padStart(6, '0')}`;
  return days === 0 ? clock + fraction : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}${fraction}`;
}

/** Items of anything that can be looped over; a dict gives its keys, text its characters. */
export function iterate(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  if (typeof value === 'string') return [...value];
  if (value === undefined) return [];
  if (isDict(value)) return Object.keys(value);
  throw new TemplateError(`${typeName(value)} cannot be looped over`, 'type');
}
