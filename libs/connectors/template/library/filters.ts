import { createHash } from 'node:crypto';
import { stringifyJson } from '../../json/index.js';
import { TemplateError } from './errors.js';
import { bounded, compare, equal } from './operators.js';
import { methodOf } from './methods.js';
import { PyTuple, float, integer, isDict, isInteger, isNumber, iterate, str, toNumber, truthy, typeName } from './values.js';

type Filter = (value: unknown, args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;

const HASHES = new Set(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']);
const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new TemplateError(`a text is needed, not ${typeName(value)}`, 'type');
  return value;
};
/** `a.b.0`, as map() and selectattr() read attributes. */
const attribute = (value: unknown, path: unknown): unknown =>
  String(path)
    .split('.')
    .reduce<unknown>((target, key) => {
      if (Array.isArray(target)) return target[Number(key)];
      return isDict(target) && Object.hasOwn(target, key) ? target[key] : undefined;
    }, value);
/** As jinja's lazy filters do: nothing, None and 0 hold no items. */
const itemsOf = (value: unknown): readonly unknown[] => (truthy(value) ? iterate(value) : []);
const present = (value: unknown): unknown => {
  if (value === undefined) throw new TemplateError('a filter on a missing value', 'undefined');
  return value;
};
const viaMethod =
  (name: string): Filter =>
  (value, args) =>
    methodOf(str(value), name)?.call(args, {});

export const FILTERS: Readonly<Record<string, Filter>> = {
  string: (value) => (typeof value === 'string' ? value : `"""${str(value)}"""`),
  int: (value, [otherwise = 0]) => toInteger(present(value)) ?? otherwise,
  float: (value, [otherwise = float(0)]) => {
    const number = isNumber(value)
      ? toNumber(value)
      : typeof value === 'string' && /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value)
        ? Number(value)
        : NaN;
    return Number.isNaN(number) ? otherwise : float(number);
  },
  default: (value, [otherwise = '', falsy], named) =>
    value === undefined || (truthy(falsy ?? named['boolean']) && !truthy(value)) ? (named['default_value'] ?? otherwise) : value,
  length: (value) => (typeof value === 'string' ? [...value].length : countable(value).length),
  first: (value) => iterate(value)[0],
  last: (value) => iterate(value).at(-1),
  join: (value, [separator = '', path], named) =>
    bounded(
      iterate(value)
        .map((item) => str((path ?? named['attribute']) === undefined ? item : attribute(item, path ?? named['attribute'])))
        .join(str(separator)),
    ),
  list: (value) => [...iterate(value)],
  unique: (value) => iterate(value).filter((item, index, all) => all.findIndex((other) => equal(other, item)) === index),
  reverse: (value) => (typeof value === 'string' ? [...value].reverse().join('') : [...iterate(value)].reverse()),
  sort: (value, [reverse], named) => {
    const sorted = [...iterate(value)].sort((a, b) => compare('<', a, b));
    return truthy(reverse ?? named['reverse']) ? sorted.reverse() : sorted;
  },
  sum: (value) => iterate(value).reduce<number>((total, item) => total + toNumber(item), 0),
  min: (value) => iterate(value).reduce((best, item) => (compare('<', item, best) < 0 ? item : best)),
  max: (value) => iterate(value).reduce((best, item) => (compare('>', item, best) > 0 ? item : best)),
  items: (value) => (isDict(value) ? Object.entries(value).map((entry) => new PyTuple(entry)) : []),
  map: (value, [filter, ...rest], named) => {
    if (named['attribute'] !== undefined)
      return iterate(value).map(
        (item) =>
          attribute(item, named['attribute']) ??
          (named['default'] === undefined ? attribute(item, named['attribute']) : named['default']),
      );
    const apply = typeof filter === 'string' ? FILTERS[filter] : undefined;
    if (apply === undefined) throw new TemplateError('map() names no known filter');
    return itemsOf(value).map((item) => apply(item, rest, named));
  },
  selectattr: (value, args) => itemsOf(value).filter((item) => matches(item, args)),
  rejectattr: (value, args) => itemsOf(value).filter((item) => !matches(item, args)),
  lower: viaMethod('lower'),
  upper: viaMethod('upper'),
  trim: viaMethod('strip'),
  capitalize: viaMethod('capitalize'),
  title: viaMethod('title'),
  replace: (value, args) => methodOf(str(value), 'replace')?.call(args, {}),
  abs: (value) => (isInteger(value) && value < 0 ? -value : isInteger(value) ? value : float(Math.abs(toNumber(value)))),
  round: (value, [places = 0]) => {
    const factor = 10 ** Number(places);
    return float(Math.round(toNumber(value) * factor) / factor);
  },
  tojson: (value) => stringifyJson(value).replaceAll(',"', ', "').replaceAll('":', '": '),
  urlencode: (value) =>
    encodeURIComponent(str(value))
      .replace(/%2F/g, '/')
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  hash: (value, [algorithm = 'md5', salt], named) => {
    const name = str(named['hash_type'] ?? algorithm);
    if (!HASHES.has(name)) throw new TemplateError('hash() names no known algorithm');
    const hash = createHash(name).update(str(value));
    const salted = salt ?? named['salt'];
    return (salted === undefined || salted === null ? hash : hash.update(str(salted))).digest('hex');
  },
  base64encode: (value) => Buffer.from(text(value)).toString('base64'),
  base64decode: (value) => Buffer.from(text(value), 'base64').toString(),
  regex_search: (value, [pattern]) => {
    if (typeof value === 'string' && value.length > 10_000) throw new TemplateError('the text is too long to be searched');
    const found = new RegExp(text(pattern).replaceAll('(?P<', '(?<')).exec(text(value));
    return found === null ? '' : (found[1] ?? '');
  },
};
Object.assign(FILTERS, { d: FILTERS['default'], count: FILTERS['length'] });

/** Exist in Airbyte's language, but not here yet. */
export const UNCOVERED_FILTERS = new Set(
  (
    'attr batch center dictsort escape e filesizeformat forceescape format groupby indent pprint random reject safe select slice striptags truncate ' +
    'urlize wordcount wordwrap xmlattr hmac base64binascii_decode'
  ).split(' '),
);

function countable(value: unknown): readonly unknown[] {
  if (isNumber(value) || value === null || typeof value === 'boolean')
    throw new TemplateError(`${typeName(value)} has no length`, 'type');
  return iterate(value);
}

function toInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (isInteger(value)) return value;
  if (isNumber(value)) return Math.trunc(toNumber(value));
  if (typeof value !== 'string') return undefined;
  if (/^\s*[-+]?\d+(_\d+)*\s*$/.test(value)) return integer(BigInt(value.trim().replace(/^\+/, '').replaceAll('_', '')));
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value) ? Math.trunc(Number(value)) : undefined;
}

function matches(item: unknown, [path, test, expected]: readonly unknown[]): boolean {
  const value = attribute(item, path);
  switch (test) {
    case undefined:
      return truthy(value);
    case 'equalto':
    case 'eq':
    case '==':
      return equal(value, expected);
    case 'ne':
    case '!=':
      return !equal(value, expected);
    case 'in':
      return iterate(expected).some((known) => equal(known, value));
    case 'defined':
      return value !== undefined;
    case 'none':
      return value === null;
    default:
      throw new TemplateError('selectattr() names a test that is not known');
  }
}
