import { Decimal, exactNumber, isObject } from '../../json/index.js';

/** Of Unicode's private use: what comes from outside and begins with it is marked as text. */
const MARK = '\uE000';
const NUMBER = '#';
const TEXT = '"';
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The JSON text of a value for expressions, which know doubles only: a number that a double cannot hold goes as a marked text, so that it
 * keeps its digits where it is passed on, and arithmetic with it fails rather than changes it.
 */
export const toMarkedJson = (value: unknown): string => JSON.stringify(marked(value) ?? null);

function marked(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(MARK) ? `${MARK}${TEXT}${value}` : value;
  if (typeof value === 'bigint' || value instanceof Decimal) return `${MARK}${NUMBER}${String(value)}`;
  if (Array.isArray(value)) return value.map(marked);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, marked(inner)]));
  return value;
}

/** The value of marked JSON text, with every digit. */
export const fromMarkedJson = (text: string): unknown => unmarked(JSON.parse(text));

function unmarked(value: unknown): unknown {
  if (typeof value === 'string') return value.includes(MARK) ? unmarkedText(value) : value;
  if (Array.isArray(value)) return value.map(unmarked);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [unmarkedName(name), unmarked(inner)]));
  return value;
}

function unmarkedText(text: string): unknown {
  if (text.startsWith(MARK + NUMBER) && JSON_NUMBER.test(text.slice(2))) return exactNumber(text.slice(2));
  if (text.startsWith(MARK + TEXT)) return text.slice(2);
  // A number that became part of a text.
  return text.replaceAll(MARK + NUMBER, '');
}

const unmarkedName = (name: string): string => (name.includes(MARK) ? name.replaceAll(MARK + NUMBER, '') : name);

/** For CEL, which knows 64-bit integers: a marked integer that is one; others as the nearest double. */
export function celNumbers(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.startsWith(MARK + TEXT)) return value.slice(2);
    if (!value.startsWith(MARK + NUMBER)) return value;
    const digits = value.slice(2);
    return /^-?\d{1,19}$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits) ? BigInt(digits) : Number(digits);
  }
  if (Array.isArray(value)) return value.map(celNumbers);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, celNumbers(inner)]));
  return value;
}
