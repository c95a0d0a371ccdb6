import { TemplateError } from '../errors.js';
import { arithmetic, negate } from '../operators.js';
import { PyDict, float, isInteger, isNumber, lengthOf, numeric, repr, toNumber, truthy, typeName, PyObject } from '../values.js';
import { attribute } from '../access.js';
import { count, filter, needNumber, text, type Filter } from './arguments.js';
import { fixed, parseFloatText, parseIntegerText, round, truncate } from './number-text.js';
import { jsonText } from './json-text.js';

/** jinja's int: what is no number gives `otherwise`, but a missing value raises. */
function toInteger(value: unknown, [otherwise = 0, base]: unknown[]): unknown {
  if (value === undefined) throw new TemplateError('int of a missing value', 'undefined');
  const number = numeric(value);
  if (isInteger(number)) return number;
  if (isNumber(number)) return Number.isNaN(toNumber(number)) ? otherwise : truncate(toNumber(number));
  if (typeof value !== 'string') return otherwise;
  const whole = parseIntegerText(value, count(base, 10));
  if (whole !== undefined) return whole;
  const decimal = parseFloatText(value);
  return decimal === undefined || !Number.isFinite(decimal) ? otherwise : truncate(decimal);
}

function toFloat(value: unknown, [otherwise = float(0)]: unknown[]): unknown {
  if (value === undefined) throw new TemplateError('float of a missing value', 'undefined');
  const number = numeric(value);
  if (isNumber(number)) {
    const plain = toNumber(number);
    if (typeof number === 'bigint' && !Number.isFinite(plain))
      throw new TemplateError('int too large to convert to float', 'value', 'OverflowError');
    return float(plain);
  }
  const parsed = typeof value === 'string' ? parseFloatText(value) : undefined;
  return parsed === undefined ? otherwise : float(parsed);
}

function absolute(value: unknown): unknown {
  const number = numeric(value);
  if (!isNumber(number)) throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`, 'type');
  return toNumber(number) < 0 || Object.is(number, -0) ? negate(number) : number;
}

function rounded(value: unknown, [precision = 0, method = 'common']: unknown[]): unknown {
  if (method === 'common') {
    const result = round(value, precision);
    return typeof result === 'number' && !isInteger(numeric(value)) ? float(result) : result;
  }
  if (method !== 'ceil' && method !== 'floor')
    throw new TemplateError('method must be common, ceil or floor', 'value', 'FilterArgumentError');
  const power = arithmetic('**', 10, precision);
  const scaled = needNumber(arithmetic('*', value, power));
  return arithmetic('/', truncate(method === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)), power);
}

const UNITS = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

function fileSize(value: unknown, [binary]: unknown[]): string {
  if (typeof value === 'string' && parseFloatText(value) === undefined)
    throw new TemplateError('could not convert string to float');
  const bytes = needNumber(toFloat(value, [null]));
  const base = truthy(binary) ? 1_024 : 1_000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${truncate(bytes)} Bytes`;
  const steps = UNITS.findIndex((_unit, i) => bytes < base ** (i + 2));
  const place = steps < 0 ? UNITS.length - 1 : steps;
  const unit = truthy(binary) ? `${UNITS[place]?.toUpperCase() ?? ''}iB` : `${UNITS[place] ?? ''}B`;
  return `${fixed((base * bytes) / base ** (place + 2), 1)} ${unit}`;
}

/** jinja's tojson: sorted keys, and nothing that HTML would read. */
function toJson(value: unknown, [indent]: unknown[]): string {
  const json = jsonText(value, { sort: true, ...(indent !== undefined && indent !== null && { indent: count(indent) }) });
  return json.replace(/[<>&']/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export const VALUE_FILTERS: Readonly<Record<string, Filter>> = {
  int: filter('default, base', toInteger),
  float: filter('default', toFloat),
  abs: filter('', absolute),
  round: filter('precision, method', rounded),
  filesizeformat: filter('binary', fileSize),
  default: filter('default_value, boolean', (value, [otherwise = '', falsy]) =>
    value === undefined || (truthy(falsy) && !truthy(value)) ? otherwise : value,
  ),
  length: filter('', (value) => {
    const length = lengthOf(value);
    if (length === undefined) throw new TemplateError(`object of type '${typeName(value)}' has no len()`, 'type');
    return length;
  }),
  attr: filter('name!', (value, [name]) => {
    // Attributes only: a key of that name does not count.
    if (value instanceof PyDict || typeName(value) === 'dict') {
      const found = attribute(value, text(name));
      return found instanceof PyObject || typeName(found) === 'function' ? found : undefined;
    }
    return value === undefined ? undefined : attribute(value, text(name));
  }),
  string: filter('', (value) => (typeof value === 'string' ? value : `"""${jsonText(value)}"""`)),
  tojson: filter('indent', toJson),
  pprint: filter('', (value) => repr(value)),
};
