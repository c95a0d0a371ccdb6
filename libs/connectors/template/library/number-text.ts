import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import { floatText, integer, isInteger, isNumber, numeric, toNumber, typeName } from '../values.js';
import { strip } from './text-methods.js';

const FLOAT = /^[-+]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:e[-+]?\d(?:_?\d)*)?$/i;
const SPECIAL = /^([-+]?)(?:(inf|infinity)|nan)$/i;

/** Python's float(text); undefined for what is none. */
export function parseFloatText(value: string): number | undefined {
  const text = strip(value, null, 'both');
  if (FLOAT.test(text)) return Number(text.replaceAll('_', ''));
  const special = SPECIAL.exec(text);
  if (special === null) return undefined;
  return special[2] === undefined ? NaN : special[1] === '-' ? -Infinity : Infinity;
}

const MAX_DIGITS = 4_300;

/** Python's int(text, base); undefined for what is none. */
export function parseIntegerText(value: string, base: number): number | bigint | undefined {
  const match = /^([-+]?)(?:0([xob])_?)?([\da-z]+(?:_[\da-z]+)*)$/i.exec(strip(value, null, 'both'));
  if (match === null || match[3] === undefined || (base !== 0 && (base < 2 || base > 36))) return undefined;
  const prefix = match[2]?.toLowerCase();
  const own = prefix === undefined ? undefined : { x: 16, o: 8, b: 2 }[prefix];
  // `0b1` in base 16 is a number, too: the letters of the prefix are digits there.
  const prefixed = own !== undefined && (base === 0 || base === own);
  const digits = ((own === undefined || prefixed ? '' : `0${prefix ?? ''}`) + match[3]).replaceAll('_', '').toLowerCase();
  const radix = base === 0 ? (own ?? 10) : base;
  if (base === 0 && own === undefined && /^0+[1-9]/.test(digits)) return undefined;
  if (digits.length > MAX_DIGITS) return undefined;
  let total = 0n;
  if (radix === 10) {
    if (!/^\d+$/.test(digits)) return undefined;
    total = BigInt(digits);
  } else
    for (const digit of digits) {
      const number = parseInt(digit, 36);
      if (number >= radix) return undefined;
      total = total * BigInt(radix) + BigInt(number);
    }
  return integer(match[1] === '-' ? -total : total);
}

/** The int of a float, towards zero. Throws Python's OverflowError or ValueError for inf and nan. */
export function truncate(value: number): number | bigint {
  if (Number.isNaN(value)) throw new TemplateError('cannot convert float NaN to integer');
  if (!Number.isFinite(value)) throw new TemplateError('cannot convert float infinity to integer', 'value', 'OverflowError');
  return integer(BigInt(Math.trunc(value)));
}

/** Exact decimal expansion of a double with `places` digits, halves to even as Python does it on the exact value. */
export function fixed(value: number, places: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  spend(places + 20);
  const negative = value < 0 || Object.is(value, -0);
  const { numerator, denominator } = fraction(Math.abs(value));
  const scaled = numerator * 10n ** BigInt(places);
  let whole = scaled / denominator;
  const twice = (scaled % denominator) * 2n;
  if (twice > denominator || (twice === denominator && whole % 2n === 1n)) whole += 1n;
  const digits = whole.toString().padStart(places + 1, '0');
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return negative ? `-${text}` : text;
}

/** A finite, non-negative double as a fraction. */
function fraction(value: number): { numerator: bigint; denominator: bigint } {
  let denominator = 1n;
  let number = value;
  while (!Number.isInteger(number)) {
    number *= 2;
    denominator *= 2n;
  }
  return { numerator: BigInt(number), denominator };
}

/** Python's round(): an int without `places`, half to even. */
export function round(value: unknown, places: unknown): unknown {
  const number = numeric(value);
  if (!isNumber(number))
    throw new TemplateError(
      `type ${typeName(value)} doesn't define __round__ method`,
      value === undefined ? 'undefined' : 'type',
    );
  if (places === undefined || places === null) {
    if (isInteger(number)) return number;
    const plain = toNumber(number);
    return Number.isFinite(plain) ? integer(BigInt(fixed(plain, 0))) : truncate(plain);
  }
  const digits = Number(places);
  if (isInteger(number)) return roundInteger(BigInt(number), digits);
  const plain = toNumber(number);
  if (!Number.isFinite(plain) || digits > 320) return number;
  if (digits >= 0) return Number(fixed(plain, digits));
  return Number(roundInteger(BigInt(fixed(plain, 0)), digits));
}

function roundInteger(value: bigint, digits: number): number | bigint {
  if (digits >= 0) return integer(value);
  if (digits < -400) return 0;
  const unit = 10n ** BigInt(-digits);
  const magnitude = value < 0n ? -value : value;
  let units = magnitude / unit;
  const twice = (magnitude % unit) * 2n;
  if (twice > unit || (twice === unit && units % 2n === 1n)) units += 1n;
  return integer((value < 0n ? -units : units) * unit);
}
