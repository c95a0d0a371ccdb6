import { TemplateError } from '../errors.js';
import { TURN, spend } from '../meter.js';
import { add, compare, equal } from '../operators.js';
import { made } from '../owned.js';
import { hashOf } from '../py-dict.js';
import { PyIterator, PyTuple, each, entriesOf, isMapping, iterate, str, truthy, typeName } from '../values.js';
import { count, filter, type Filter } from './arguments.js';
import { attributeReader, ignoringCase, reversedText } from './attribute-path.js';
import { sorted } from './sorting.js';

const keyReader = (path: unknown, caseSensitive: unknown): ((item: unknown) => unknown) => {
  const read = attributeReader(path);
  return truthy(caseSensitive) ? read : (item) => ignoringCase(read(item));
};

/** Several attributes, with commas between them, compare one after the other. */
const sortKey = (path: unknown, caseSensitive: unknown): ((item: unknown) => unknown) => {
  const readers = (typeof path === 'string' ? path.split(',') : [path]).map((part) => keyReader(part, caseSensitive));
  return (item) => readers.map((read) => read(item));
};

function extreme(value: unknown, [caseSensitive, path]: unknown[], sign: 1 | -1): unknown {
  const key = keyReader(path, caseSensitive);
  const items = iterate(value);
  if (items.length === 0) return undefined;
  return items.reduce((best, item) => (compare('<', key(item), key(best)) * sign > 0 ? item : best));
}

function* unique(value: unknown, key: (item: unknown) => unknown): Generator<unknown, void, undefined> {
  const seen = new Set<string>();
  for (const item of each(value)) {
    const hash = hashOf(key(item));
    if (seen.has(hash)) continue;
    seen.add(hash);
    yield item;
  }
}

function* batches(value: unknown, size: number, fill: unknown): Generator<unknown, void, undefined> {
  let batch: unknown[] = [];
  for (const item of each(value)) {
    if (batch.length === size) {
      spend(TURN);
      yield made(batch);
      batch = [];
    }
    batch.push(item);
  }
  if (batch.length === 0) return;
  if (fill !== undefined && fill !== null) {
    spend(Math.max(0, size - batch.length));
    while (batch.length < size) batch.push(fill);
  }
  yield made(batch);
}

function* slices(value: unknown, number: number, fill: unknown): Generator<unknown, void, undefined> {
  const items = iterate(value);
  if (number === 0) throw new TemplateError('integer division or modulo by zero', 'value', 'ZeroDivisionError');
  const [size, extra] = [Math.floor(items.length / number), items.length % number];
  let at = 0;
  for (let i = 0; i < number; i++) {
    spend(TURN);
    const end = at + size + (i < extra ? 1 : 0);
    const part = items.slice(at, end);
    if (fill !== undefined && fill !== null && i >= extra) part.push(fill);
    yield made(part);
    at = end;
  }
}

function groups(value: unknown, [path, otherwise, caseSensitive]: unknown[]): unknown[] {
  const read = attributeReader(path, otherwise);
  const key = (item: unknown): unknown => (truthy(caseSensitive) ? read(item) : ignoringCase(read(item)));
  const found: { key: unknown; items: unknown[] }[] = [];
  for (const item of sorted(iterate(value), key, false)) {
    const last = found.at(-1);
    if (last !== undefined && equal(last.key, key(item))) last.items.push(item);
    else found.push({ key: key(item), items: [item] });
  }
  return found.map(({ items }) => new PyTuple([read(items[0]), items], ['grouper', 'list']));
}

function dictSort(value: unknown, [caseSensitive, by = 'key', reverse]: unknown[]): unknown[] {
  if (by !== 'key' && by !== 'value')
    throw new TemplateError('You can only sort by either "key" or "value"', 'value', 'FilterArgumentError');
  if (value === undefined) throw new TemplateError('dictsort of a missing value', 'undefined');
  if (!isMapping(value))
    throw new TemplateError(`'${typeName(value)}' object has no attribute 'items'`, 'value', 'AttributeError');
  const place = by === 'key' ? 0 : 1;
  const key = (entry: unknown): unknown => {
    const part = (entry as PyTuple).items[place];
    return truthy(caseSensitive) ? part : ignoringCase(part);
  };
  return sorted(
    entriesOf(value).map((entry) => new PyTuple(entry)),
    key,
    truthy(reverse),
  );
}

function joined(value: unknown, [separator = '', path]: unknown[]): string {
  const read = attributeReader(path);
  const by = str(separator);
  const parts = iterate(value).map((item) => {
    const part = str(path === undefined || path === null ? item : read(item));
    spend(part.length + by.length);
    return part;
  });
  return parts.join(by);
}

function total(value: unknown, [path, start = 0]: unknown[]): unknown {
  if (typeof start === 'string') throw new TemplateError("sum() can't sum strings", 'type');
  const read = attributeReader(path);
  return iterate(value).reduce((sum, item) => add(sum, read(item)), start);
}

function reverse(value: unknown): unknown {
  if (typeof value === 'string') return reversedText(value);
  if (value === null || (value !== undefined && typeof value !== 'object'))
    throw new TemplateError('argument must be iterable', 'value', 'FilterArgumentError');
  return new PyIterator('list_reverseiterator', [...iterate(value)].reverse()[Symbol.iterator]());
}

function last(value: unknown): unknown {
  if (value instanceof PyIterator) throw new TemplateError(`'${value.kind}' object is not reversible`, 'type');
  return iterate(value).at(-1);
}

export const SEQUENCE_FILTERS: Readonly<Record<string, Filter>> = {
  first: filter('', (value) => {
    for (const item of each(value)) return item;
    return undefined;
  }),
  last: filter('', last),
  list: filter('', (value) => made([...iterate(value)])),
  join: filter('d, attribute', joined),
  reverse: filter('', reverse),
  sort: filter('reverse, case_sensitive, attribute', (value, [reversed, caseSensitive, path]) =>
    made(sorted(iterate(value), sortKey(path, caseSensitive), truthy(reversed))),
  ),
  unique: filter(
    'case_sensitive, attribute',
    (value, [caseSensitive, path]) => new PyIterator('generator', unique(value, keyReader(path, caseSensitive))),
  ),
  min: filter('case_sensitive, attribute', (value, args) => extreme(value, args, -1)),
  max: filter('case_sensitive, attribute', (value, args) => extreme(value, args, 1)),
  sum: filter('attribute, start', total),
  dictsort: filter('case_sensitive, by, reverse', dictSort),
  groupby: filter('attribute!, default, case_sensitive', groups),
  batch: filter('linecount!, fill_with', (value, [size, fill]) => new PyIterator('generator', batches(value, count(size), fill))),
  slice: filter('slices!, fill_with', (value, [number, fill]) => new PyIterator('generator', slices(value, count(number), fill))),
  items: filter('', (value) => {
    if (value !== undefined && !isMapping(value)) throw new TemplateError('Can only get item pairs from a mapping.', 'type');
    const pairs = value === undefined ? [] : entriesOf(value).map((entry) => new PyTuple(entry));
    return new PyIterator('generator', pairs[Symbol.iterator]());
  }),
  random: filter('', (value) => {
    const items = iterate(value);
    return items[Math.floor(Math.random() * items.length)];
  }),
};
