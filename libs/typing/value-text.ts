import type { ColumnType } from './column.js';

/**
 * Whether a value fits a column, and as which text: decided here, before anything is sent, so that no value can fail the chunk that it is in.
 * What fits is what every destination reads as that very value: a date with a time of day is none, since the time would be lost.
 */

/** Texts that fit as they are, but for the days of the month (`isDay`). None of them has a character that needs escaping. */
const DAY = '\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])';
const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,32})?)?';
const OFFSET = '[+-](?:0\\d|1[0-5])(?::?[0-5]\\d)?';
export const DATE = new RegExp(`^${DAY}$`);
export const TIMESTAMPTZ = new RegExp(`^${DAY}(?:[Tt ]${CLOCK}(?:[Zz]| ?${OFFSET})?)?$`);
/** An offset of zero says the same as none. */
export const TIMESTAMP = new RegExp(`^${DAY}(?:[Tt ]${CLOCK}(?:[Zz]|[+-]00(?::?00)?)?)?$`);
export const TIME = new RegExp(`^${CLOCK}$`);
export const TIMETZ = new RegExp(`^${CLOCK}(?:[Zz]|${OFFSET})?$`);
export const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const MIDNIGHT = /^(\d{4}-\d{2}-\d{2})[Tt ]00:00(?::00(?:\.0+)?)?(?:[Zz]|[+-]00(?::?00)?)?$/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const TRUE = /^(?:true|t|yes|y|on|1)$/i;
const FALSE = /^(?:false|f|no|n|off|0)$/i;

const ZERO = 0x30;
const TWO = 0x32;

/** Whether a text that begins with year, month and day names a day that there is. Expects a text that one of the patterns above took. */
export function isDay(value: string): boolean {
  // Most: a year that begins with another digit than 0, and one of the first 19 days of a month.
  if (value.charCodeAt(0) !== ZERO && value.charCodeAt(8) < TWO) return true;
  if (value.startsWith('0000')) return false;
  const day = Number(value.slice(8, 10));
  if (day < 29) return true;
  const month = Number(value.slice(5, 7));
  if (month === 2) return day === 29 && isLeap(Number(value.slice(0, 4)));
  return day < 31 || ![4, 6, 9, 11].includes(month);
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const RANGES: Readonly<Partial<Record<ColumnType, readonly [bigint, bigint]>>> = {
  smallint: [-32_768n, 32_767n],
  integer: [-2_147_483_648n, 2_147_483_647n],
  bigint: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
};
/** Digits of an integer that are worth a BigInt: the largest has 19. */
const MAX_INTEGER_CHARS = 60;
const NUMBER = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,7}))?$/;
/** PostgreSQL's numeric has 131,072 digits before the point and 16,383 behind it; what has fewer is exact in every direction. */
const MAX_WHOLE = 131_072;
const MAX_FRACTION = 16_383;

/** An integer in a column of integers. 1.0 and 1e3 are integers too. */
function integerText(type: ColumnType, value: string): string | undefined {
  const [least, most] = RANGES[type] as readonly [bigint, bigint];
  if (value.length > MAX_INTEGER_CHARS) return undefined;
  const digits = /^[+-]?\d+$/.test(value) ? value : wholeDigits(value);
  if (digits === undefined) return undefined;
  const number = BigInt(digits.replace('+', ''));
  return number >= least && number <= most ? number.toString() : undefined;
}

function wholeDigits(value: string): string | undefined {
  const [, sign = '', mantissa, power = '0'] = NUMBER.exec(value) ?? [];
  if (mantissa === undefined) return undefined;
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > MAX_INTEGER_CHARS) return /^0*$/.test(whole + fraction) ? '0' : undefined;
  const digits = whole + fraction;
  if (exponent >= 0) return sign + digits + '0'.repeat(exponent);
  const cut = digits.length + exponent;
  return /^0*$/.test(digits.slice(Math.max(0, cut))) ? sign + (digits.slice(0, Math.max(0, cut)) || '0') : undefined;
}

function numericText(value: string): string | undefined {
  const [, , mantissa, power = '0'] = NUMBER.exec(value) ?? [];
  if (mantissa === undefined) return undefined;
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(power);
  return whole.length + exponent <= MAX_WHOLE && fraction.length - exponent <= MAX_FRACTION ? value : undefined;
}

const day = (pattern: RegExp, value: string): string | undefined => (pattern.test(value) && isDay(value) ? value : undefined);

/** The text of a decoded JSON string; undefined: it does not fit. Of bytea: hexadecimal digits. */
export function textOfString(type: ColumnType, value: string): string | undefined {
  switch (type) {
    case 'text':
      return value;
    case 'smallint':
    case 'integer':
    case 'bigint':
      return integerText(type, value);
    case 'numeric':
      return numericText(value);
    case 'boolean':
      return TRUE.test(value) ? 'true' : FALSE.test(value) ? 'false' : undefined;
    case 'timestamptz':
      return day(TIMESTAMPTZ, value);
    case 'timestamp':
      return day(TIMESTAMP, value);
    case 'date': {
      const date = MIDNIGHT.exec(value)?.[1] ?? value;
      return day(DATE, date);
    }
    case 'time':
      return TIME.test(value) ? value : undefined;
    case 'timetz':
      return TIMETZ.test(value) ? value : undefined;
    case 'uuid':
      return UUID.test(value) ? value : undefined;
    case 'bytea':
      return hexOfBase64(value);
    case 'jsonb':
      return JSON.stringify(value);
    default: {
      const never: never = type;
      throw new Error(`unknown column type ${String(never)}`);
    }
  }
}

/** The text of a JSON number, given by its digits; undefined: it does not fit (`Infinity` and `NaN` never do). */
export function textOfNumber(type: ColumnType, digits: string): string | undefined {
  switch (type) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return integerText(type, digits);
    case 'numeric':
    case 'jsonb':
      return numericText(digits);
    case 'text':
      return NUMBER.test(digits) ? digits : undefined;
    case 'boolean':
      return digits === '1' ? 'true' : digits === '0' ? 'false' : undefined;
    default:
      return undefined;
  }
}

/** The text of a JSON boolean; undefined: it does not fit. */
export function textOfBoolean(type: ColumnType, value: boolean): string | undefined {
  return type === 'boolean' || type === 'text' || type === 'jsonb' ? String(value) : undefined;
}

/** Both alphabets, with or without padding. Only what encodes whole bytes. */
function hexOfBase64(value: string): string | undefined {
  const plain = value.replace(/\s+/g, '');
  if (!BASE64.test(plain) || plain.replace(/=+$/, '').length % 4 === 1) return undefined;
  return Buffer.from(plain, 'base64').toString('hex');
}
