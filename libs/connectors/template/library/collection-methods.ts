import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import { equal } from '../operators.js';
import { assertOwned, made } from '../owned.js';
import { HeaderNames, PyDict, PyTuple, PyView, anyDict, entriesOf, isMapping, iterate, lookUp, type Mapping } from '../values.js';
import { count, method, type Method } from './arguments.js';
import { unpackPairs } from './loop.js';
import { sorted } from './sorting.js';

const ABSENT = Symbol('absent');

function indexOf(items: readonly unknown[], [item, from, to]: unknown[]): number {
  spend(items.length);
  const start = count(from, 0);
  const begin = start < 0 ? Math.max(0, items.length + start) : start;
  const at = items.slice(0, to === undefined ? undefined : count(to)).findIndex((known, i) => i >= begin && equal(known, item));
  if (at < 0) throw new TemplateError('the item is not in the list');
  return at;
}

const counted = (items: readonly unknown[], item: unknown): number => {
  spend(items.length);
  return items.filter((known) => equal(known, item)).length;
};

/** Changes a list that the template made; gives None, as Python's do. */
const changing = (params: string, change: (self: unknown[], args: unknown[]) => unknown): Method<unknown[]> =>
  method(params, (self, args) => {
    assertOwned(self);
    spend(1);
    const result = change(self, args);
    return result === undefined ? null : result;
  });

export const LIST_METHODS: Readonly<Record<string, Method<unknown[]>>> = {
  index: method('item!, from, to', indexOf),
  count: method('item!', (self, [item]) => counted(self, item)),
  copy: method('', (self) => {
    spend(self.length);
    return made([...self]);
  }),
  append: changing('item!', (self, [item]) => void self.push(item)),
  extend: changing('items!', (self, [items]) => void iterate(items).forEach((item) => self.push(item))),
  insert: changing('at!, item!', (self, [at, item]) => void self.splice(count(at), 0, item)),
  pop: changing('at', (self, [at]) => {
    const place = count(at, -1);
    if (self.length === 0 || place >= self.length || place < -self.length)
      throw new TemplateError('pop index out of range', 'value', 'IndexError');
    return self.splice(place, 1)[0];
  }),
  remove: changing('item!', (self, args) => void self.splice(indexOf(self, args), 1)),
  clear: changing('', (self) => void self.splice(0)),
  reverse: changing('', (self) => void self.reverse()),
  sort: changing('key, reverse', (self, [key, reverse]) => {
    if (key !== undefined && key !== null) throw new TemplateError('sort() takes no key here', 'type');
    self.splice(0, self.length, ...sorted(self, (item) => item, Boolean(reverse)));
  }),
};

export const TUPLE_METHODS: Readonly<Record<string, Method<PyTuple>>> = {
  index: method('item!, from, to', ({ items }, args) => indexOf(items, args)),
  count: method('item!', ({ items }, [item]) => counted(items, item)),
};

const DICT_READERS: Readonly<Record<string, Method<Mapping>>> = {
  get: method('key!, default', (self, [key, otherwise = null]) => lookUp(self, key, otherwise)),
  keys: method(
    '',
    (self) =>
      new PyView(
        'dict_keys',
        entriesOf(self).map(([key]) => key),
      ),
  ),
  values: method(
    '',
    (self) =>
      new PyView(
        'dict_values',
        entriesOf(self).map(([, value]) => value),
      ),
  ),
  items: method(
    '',
    (self) =>
      new PyView(
        'dict_items',
        entriesOf(self).map((entry) => new PyTuple(entry)),
      ),
  ),
  copy: method('', (self) => made(anyDict(entriesOf(self)))),
};

export const DICT_METHODS: Readonly<Record<string, Method<Mapping>>> = {
  ...DICT_READERS,
  pop: (self, args) => {
    const [key, ...otherwise] = args;
    if (args.length === 0) throw new TemplateError('pop expected at least 1 argument, got 0', 'type');
    assertOwned(self);
    const held = lookUp(self, key, ABSENT);
    if (held !== ABSENT) remove(self, key);
    else if (otherwise.length === 0) throw new TemplateError('there is no such key to pop', 'value', 'KeyError');
    return held === ABSENT ? otherwise[0] : held;
  },
  popitem: method('', (self) => {
    assertOwned(self);
    const last = entriesOf(self).at(-1);
    if (last === undefined) throw new TemplateError('popitem(): dictionary is empty', 'value', 'KeyError');
    remove(self, last[0]);
    return new PyTuple(last);
  }),
  setdefault: method('key!, default', (self, [key, otherwise = null]) => {
    assertOwned(self);
    const held = lookUp(self, key, ABSENT);
    if (held !== ABSENT) return held;
    put(self, key, otherwise);
    return otherwise;
  }),
  update: (self, args, named) => {
    assertOwned(self);
    for (const [key, value] of args.length === 0 ? [] : pairsOf(args[0])) put(self, key, value);
    for (const [key, value] of Object.entries(named)) put(self, key, value);
    return null;
  },
  clear: method('', (self) => {
    assertOwned(self);
    for (const [key] of entriesOf(self)) remove(self, key);
    return null;
  }),
};
export const HEADER_METHODS = DICT_READERS;

/** The entries of a dict, or pairs one by one. */
export const pairsOf = (value: unknown): (readonly [unknown, unknown])[] =>
  isMapping(value) ? entriesOf(value) : unpackPairs(value);

function put(self: Mapping, key: unknown, value: unknown): void {
  spend(1);
  if (self instanceof PyDict) self.set(key, value);
  else if (self instanceof HeaderNames || typeof key !== 'string')
    throw new TemplateError('only a text can be a key of this dict', 'value', 'SecurityError');
  else self[key] = value;
}

function remove(self: Mapping, key: unknown): void {
  if (self instanceof PyDict) self.delete(key);
  else if (!(self instanceof HeaderNames) && typeof key === 'string') delete self[key];
}
