import { strftime } from '../../time/strftime.js';
import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import {
  PyDatetime,
  characters,
  isInteger,
  isMapping,
  isNumber,
  lookUp,
  numeric,
  repr,
  str,
  toNumber,
  typeName,
} from '../values.js';
import { fixed } from './number-text.js';

const MISSING = Symbol('missing');

/** How a field goes on after its name: `{a.b[c]}`. */
export interface Access {
  attribute(target: unknown, name: string): unknown;
  item(target: unknown, key: unknown): unknown;
}

/** Python's str.format(): fields by place, name, attribute and key, with conversions and format specifications. */
export function formatText(access: Access, pattern: string, args: readonly unknown[], named: unknown, depth = 2): string {
  if (depth === 0) throw new TemplateError('Max string recursion exceeded');
  let out = '';
  let automatic = 0;
  for (let at = 0; at < pattern.length;) {
    const letter = pattern[at] ?? '';
    if (letter !== '{' && letter !== '}') {
      const next = pattern.slice(at).search(/[{}]/);
      const end = next < 0 ? pattern.length : at + next;
      out += pattern.slice(at, end);
      at = end;
    } else if (pattern[at + 1] === letter) {
      out += letter;
      at += 2;
    } else if (letter === '}') throw new TemplateError("Single '}' encountered in format string");
    else {
      const end = closing(pattern, at);
      const [, path = '', conversion, specification = ''] =
        /^((?:[^[!:]|\[[^\]]*\])*)(?:!([^:]*))?(?::([^]*))?$/.exec(pattern.slice(at + 1, end)) ?? [];
      const first = /^[^.[]*/.exec(path)?.[0] ?? '';
      const value = follow(access, pick(first === '' ? String(automatic++) : first, args, named), path.slice(first.length));
      const shown = conversion === undefined ? value : convert(value, conversion);
      const inner = specification.includes('{') ? formatText(access, specification, args, named, depth - 1) : specification;
      const text = formatValue(shown, inner);
      spend(text.length);
      out += text;
      at = end + 1;
    }
  }
  spend(out.length);
  return out;
}

function closing(pattern: string, from: number): number {
  let open = 0;
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === '{') open++;
    else if (pattern[at] === '}' && --open === 0) return at;
  }
  throw new TemplateError("expected '}' before end of string");
}

function pick(name: string, args: readonly unknown[], named: unknown): unknown {
  if (/^\d+$/.test(name)) {
    if (Number(name) >= args.length)
      throw new TemplateError('Replacement index out of range for positional args tuple', 'value', 'IndexError');
    return args[Number(name)];
  }
  const found = isMapping(named) ? lookUp(named, name, MISSING) : MISSING;
  if (found === MISSING) throw new TemplateError('format() was not given a name that it needs', 'value', 'KeyError');
  return found;
}

function follow(access: Access, value: unknown, path: string): unknown {
  let target = value;
  for (const [, name, key] of path.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g))
    target =
      name === undefined ? access.item(target, /^\d+$/.test(key ?? '') ? Number(key) : key) : access.attribute(target, name);
  return target;
}

function convert(value: unknown, conversion: string): string {
  if (conversion === 's') return str(value);
  if (conversion === 'r') return repr(value);
  if (conversion === 'a') return repr(value).replace(/[^ -~]/gu, ascii);
  throw new TemplateError('Unknown conversion specifier');
}

const ascii = (letter: string): string => {
  const code = letter.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
};

const SPECIFICATION = /^(?:([^])?([<>=^]))?([-+ ]?)(z?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/u;

export interface Layout {
  fill: string;
  align: string;
  sign: string;
  alternate: boolean;
  width: number;
  group: string;
  precision: number | undefined;
  type: string;
}

/** Python's format(value, specification). */
export function formatValue(value: unknown, specification: string): string {
  if (value instanceof PyDatetime) return specification === '' ? str(value) : strftime(specification, value.moment);
  if (specification === '') return str(value);
  const match = SPECIFICATION.exec(specification);
  if (match === null) throw new TemplateError('Invalid format specifier');
  const [, fill, align, sign = '', , alternate, zero, width, group = '', precision, type = ''] = match;
  const layout: Layout = {
    fill: fill ?? (zero === '0' ? '0' : ' '),
    align: align ?? (zero === '0' && typeof value !== 'string' ? '=' : ''),
    sign,
    alternate: alternate === '#',
    width: Number(width),
    group,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
  spend(layout.width + (layout.precision ?? 0));
  const number = typeof value === 'boolean' && type === '' ? value : numeric(value);
  if (isNumber(number)) return formatNumber(number, layout);
  if (typeof value !== 'string' && typeof value !== 'boolean')
    throw new TemplateError(`unsupported format string passed to ${typeName(value)}.__format__`, 'type');
  if (type !== '' && type !== 's') throw new TemplateError(`Unknown format code '${type}' for object of type 'str'`);
  if (layout.align === '=' || sign !== '') throw new TemplateError('the format is for numbers');
  const text = str(value);
  return aligned('', layout.precision === undefined ? text : characters(text).slice(0, layout.precision).join(''), layout, '<');
}

function aligned(sign: string, text: string, { fill, align, width }: Layout, otherwise: string): string {
  const room = Math.max(0, width - characters(sign + text).length);
  switch (align === '' ? otherwise : align) {
    case '<':
      return sign + text + fill.repeat(room);
    case '^':
      return fill.repeat(Math.floor(room / 2)) + sign + text + fill.repeat(Math.ceil(room / 2));
    case '=':
      return sign + fill.repeat(room) + text;
    default:
      return fill.repeat(room) + sign + text;
  }
}

const RADIX: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

/** A number by a layout, for format() and `%` alike. */
export function formatNumber(value: unknown, layout: Layout): string {
  const { type } = layout;
  const whole = isInteger(value);
  if (type === 'c' && whole) {
    if (value < 0 || value > 0x10ffff) throw new TemplateError('%c arg not in range(0x110000)', 'value', 'OverflowError');
    return aligned('', String.fromCodePoint(Number(value)), layout, '<');
  }
  if (RADIX[type] !== undefined || type === 'd' || (type === '' && whole) || (type === 'n' && whole)) {
    if (!whole) throw new TemplateError(`Unknown format code '${type}' for object of type 'float'`);
    if (layout.precision !== undefined) throw new TemplateError('Precision not allowed in integer format specifier');
    const radix = RADIX[type] ?? 10;
    const magnitude = BigInt(value) < 0n ? -BigInt(value) : BigInt(value);
    const digits = magnitude.toString(radix);
    const prefix = layout.alternate && radix !== 10 ? `0${type}` : '';
    return finish(BigInt(value) < 0n, prefix, type === 'X' ? digits.toUpperCase() : digits, '', layout, radix === 10 ? 3 : 4);
  }
  const number = toNumber(value);
  const text = floatDigits(Math.abs(number), layout);
  const [, digits = text, rest = ''] = /^(\d+)([^]*)$/.exec(text) ?? [];
  return finish(number < 0 || Object.is(number, -0), '', digits, rest, layout, 3);
}

function finish(negative: boolean, prefix: string, digits: string, rest: string, layout: Layout, size: number): string {
  const sign = (negative ? '-' : layout.sign === '-' ? '' : layout.sign) + prefix;
  let grouped = digits;
  if (layout.group !== '') {
    // Zeros that fill up are grouped with the digits.
    const room = layout.align === '=' && layout.fill === '0' ? layout.width - sign.length - rest.length : 0;
    let padded = digits;
    while (separated(padded, layout.group, size).length < room) padded = `0${padded}`;
    grouped = separated(padded, layout.group, size);
    if (grouped.length > room && padded.length > digits.length && grouped.startsWith('0') && grouped.length - 1 > room)
      grouped = grouped.slice(1);
  }
  return aligned(sign, grouped + rest, layout, '>');
}

const separated = (digits: string, mark: string, size: number): string => {
  if (!/^[\da-fA-F]+$/.test(digits)) return digits;
  const parts: string[] = [];
  for (let end = digits.length; end > 0; end -= size) parts.unshift(digits.slice(Math.max(0, end - size), end));
  return parts.join(mark);
};

function floatDigits(value: number, { type, precision, alternate }: Layout): string {
  const upper = type === 'E' || type === 'F' || type === 'G';
  const text = ((): string => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : 'inf';
    switch (type.toLowerCase()) {
      case 'f':
        return fixed(value, precision ?? 6);
      case '%':
        return `${fixed(value * 100, precision ?? 6)}`;
      case 'e':
        return exponent(value, precision ?? 6);
      case 'g':
      case 'n':
        return general(value, precision ?? 6, alternate);
      case '':
        if (precision === undefined) return repr(value).includes('.') || repr(value).includes('e') ? repr(value) : `${value}.0`;
        return withPoint(general(value, precision, false));
      default:
        throw new TemplateError(`Unknown format code '${type}' for object of type 'float'`);
    }
  })();
  return (upper ? text.toUpperCase() : text) + (type === '%' ? '%' : '');
}

const withPoint = (text: string): string => (/^\d+$/.test(text) ? `${text}.0` : text);

function exponent(value: number, places: number): string {
  const [digits = '', power = ''] = value.toExponential(Math.min(places, 100)).split('e');
  return `${digits}e${power[0] ?? '+'}${power.slice(1).padStart(2, '0')}`;
}

function general(value: number, significant: number, keepZeros: boolean): string {
  const places = Math.max(1, significant);
  const [, power = '0'] = value.toExponential(Math.min(places - 1, 100)).split('e');
  const magnitude = Number(power);
  if (magnitude < -4 || magnitude >= places) {
    const text = exponent(value, places - 1);
    return keepZeros ? text : text.replace(/\.?0+e/, 'e');
  }
  const text = fixed(value, Math.max(0, places - 1 - magnitude));
  return keepZeros || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
}
