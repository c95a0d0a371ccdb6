import { datetimeFormat } from '../time/datetime-format.js';
import { MICROS_PER_SECOND } from '../time/moment.js';
import { TemplateError } from './errors.js';
import { bounded } from './operators.js';
import { PyCallable, PyDatetime, PyDelta, PyTuple, float, isDict, isInteger, iterate, repr, str, typeName } from './values.js';

type Method<T> = (self: T, args: readonly unknown[]) => unknown;

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new TemplateError(`a text is needed, not ${typeName(value)}`, 'type');
  return value;
};
const escaped = (letters: string): string => letters.replace(/[\\^$.*+?()[\]{}|\-/]/g, '\\$&');
const strip = (self: string, letters: unknown, ends: 'both' | 'left' | 'right'): string => {
  const set = typeof letters === 'string' ? `[${escaped(letters)}]` : '\\s';
  const from = ends === 'right' ? self : self.replace(new RegExp(`^${set}+`, 'u'), '');
  return ends === 'left' ? from : from.replace(new RegExp(`${set}+$`, 'u'), '');
};

const STRING: Readonly<Record<string, Method<string>>> = {
  upper: (self) => self.toUpperCase(),
  lower: (self) => self.toLowerCase(),
  strip: (self, [letters]) => strip(self, letters, 'both'),
  lstrip: (self, [letters]) => strip(self, letters, 'left'),
  rstrip: (self, [letters]) => strip(self, letters, 'right'),
  capitalize: (self) => self.charAt(0).toUpperCase() + self.slice(1).toLowerCase(),
  title: (self) => self.toLowerCase().replace(/(?<![a-z])[a-z]/gi, (letter) => letter.toUpperCase()),
  startswith: (self, [prefix]) => oneOf(prefix).some((known) => self.startsWith(known)),
  endswith: (self, [suffix]) => oneOf(suffix).some((known) => self.endsWith(known)),
  find: (self, [needle]) => self.indexOf(text(needle)),
  count: (self, [needle]) => self.split(text(needle)).length - 1,
  isdigit: (self) => /^\p{Nd}+$/u.test(self),
  isnumeric: (self) => /^\p{N}+$/u.test(self),
  isalpha: (self) => /^\p{L}+$/u.test(self),
  replace: (self, [from, to, count]) => replaceText(self, text(from), text(to), isInteger(count) ? Number(count) : -1),
  join: (self, [items]) => bounded(iterate(items).map(text).join(self)),
  split: (self, [separator, limit]) => split(self, separator, isInteger(limit) ? Number(limit) : -1),
  rsplit: (self, [separator, limit]) => rsplit(self, separator, isInteger(limit) ? Number(limit) : -1),
  partition: (self, [separator]) => {
    const at = self.indexOf(text(separator));
    return new PyTuple(at < 0 ? [self, '', ''] : [self.slice(0, at), separator, self.slice(at + text(separator).length)]);
  },
  zfill: (self, [width]) =>
    self.startsWith('-') ? `-${self.slice(1).padStart(Number(width) - 1, '0')}` : bounded(self.padStart(Number(width), '0')),
  removeprefix: (self, [prefix]) => (self.startsWith(text(prefix)) ? self.slice(text(prefix).length) : self),
  removesuffix: (self, [suffix]) =>
    text(suffix) !== '' && self.endsWith(text(suffix)) ? self.slice(0, -text(suffix).length) : self,
  encode: (self) => self,
  format: (self, args) => {
    let next = 0;
    return bounded(self.replace(/\{(\d*)\}/g, (_all, index: string) => str(args[index === '' ? next++ : Number(index)])));
  },
};

const oneOf = (value: unknown): string[] => (value instanceof PyTuple ? value.items.map(text) : [text(value)]);

function replaceText(self: string, from: string, to: string, count: number): string {
  const parts = self.split(from);
  if (count < 0 || parts.length - 1 <= count) return bounded(parts.join(to));
  return bounded(parts.slice(0, count + 1).join(to) + from + parts.slice(count + 1).join(from));
}

function split(self: string, separator: unknown, limit: number): string[] {
  const blanks = separator === undefined || separator === null;
  if (!blanks && text(separator) === '') throw new TemplateError('empty separator');
  const parts = blanks
    ? self
        .trim()
        .split(/\s+/)
        .filter((part) => part !== '')
    : self.split(text(separator));
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(blanks ? ' ' : text(separator))];
}

function rsplit(self: string, separator: unknown, limit: number): string[] {
  const parts = split(self, separator, -1);
  const cut = parts.length - limit;
  return limit < 0 || cut <= 1
    ? parts
    : [parts.slice(0, cut).join(typeof separator === 'string' ? separator : ' '), ...parts.slice(cut)];
}

const DICT: Readonly<Record<string, Method<Record<string, unknown>>>> = {
  get: (self, [key, otherwise = null]) => (typeof key === 'string' && Object.hasOwn(self, key) ? self[key] : otherwise),
  keys: (self) => Object.keys(self),
  values: (self) => Object.values(self),
  items: (self) => Object.entries(self).map((entry) => new PyTuple(entry)),
  copy: (self) => ({ ...self }),
};

const LIST: Readonly<Record<string, Method<readonly unknown[]>>> = {
  index: (self, [item]) => {
    const at = self.findIndex((known) => repr(known) === repr(item));
    if (at < 0) throw new TemplateError('the item is not in the list');
    return at;
  },
  count: (self, [item]) => self.filter((known) => repr(known) === repr(item)).length,
  copy: (self) => [...self],
};

const DATETIME: Readonly<Record<string, Method<PyDatetime>>> = {
  strftime: (self, [format]) => datetimeFormat(text(format)).format(self.moment),
  isoformat: (self) => str(self).replace(' ', 'T'),
  timestamp: (self) => float(self.moment.micros / MICROS_PER_SECOND),
  date: (self) => new PyDatetime(self.moment, true),
};

const DELTA: Readonly<Record<string, Method<PyDelta>>> = {
  total_seconds: (self) => float(self.duration.micros / MICROS_PER_SECOND),
};

/** The bound method of a value, or undefined. Only those listed here exist: nothing of JavaScript's own can be reached. */
export function methodOf(value: unknown, name: string): PyCallable | undefined {
  if (typeof value === 'string') return bind(STRING, value, name);
  if (Array.isArray(value)) return bind(LIST, value, name);
  if (value instanceof PyTuple) return bind(LIST, value.items, name);
  if (value instanceof PyDatetime) return bind(DATETIME, value, name);
  if (value instanceof PyDelta) return bind(DELTA, value, name);
  return isDict(value) ? bind(DICT, value, name) : undefined;
}

function bind<T>(methods: Readonly<Record<string, Method<T>>>, self: T, name: string): PyCallable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method && new PyCallable(name, (args) => method(self, args));
}
