import { TemplateError } from './errors.js';
import { method, type Method } from './library/arguments.js';
import { formatText } from './library/format-text.js';
import { findMethod as findListed } from './library/methods.js';
import { dateProperty } from './library/datetime-methods.js';
import { spend } from './meter.js';
import {
  PyBytes,
  PyCallable,
  PyDatetime,
  PyDelta,
  PyObject,
  PyTuple,
  characters,
  entriesOf,
  isDict,
  isInteger,
  isMapping,
  lookUp,
  numeric,
  typeName,
} from './values.js';

/** `a.b`: a method wins over a key, as in Python. Undefined for what is not there; nothing of JavaScript's own can be reached. */
export function attribute(target: unknown, name: string): unknown {
  if (target === undefined) throw new TemplateError('an attribute of a missing value', 'undefined');
  if (isDict(target)) {
    const method = findMethod(target, name);
    if (method !== undefined) return new PyCallable(name, (args, named) => method(target, args, named));
    return Object.hasOwn(target, name) ? target[name] : undefined;
  }
  const found = property(target, name);
  return found === undefined && isMapping(target) ? lookUp(target, name, undefined) : found;
}

/** `a['b']`, `a[0]`: a key wins over a method. */
export function item(target: unknown, index: unknown): unknown {
  if (target === undefined) throw new TemplateError('an item of a missing value', 'undefined');
  if (isMapping(target)) {
    const found = lookUpOrMissing(target, index);
    if (found !== MISSING) return found;
  } else {
    const at = numeric(index);
    if (isInteger(at)) {
      if (Array.isArray(target)) return (target as unknown[]).at(Number(at));
      if (target instanceof PyTuple) return target.items.at(Number(at));
      if (typeof target === 'string') return characters(target).at(Number(at));
      if (target instanceof PyBytes) return target.bytes.at(Number(at));
    }
  }
  return typeof index === 'string' ? property(target, index) : undefined;
}

const MISSING = Symbol('missing');

/** A key of a type that cannot be one is only missing. */
function lookUpOrMissing(target: Parameters<typeof lookUp>[0], index: unknown): unknown {
  try {
    return lookUp(target, index, MISSING);
  } catch (error) {
    if (error instanceof TemplateError && error.kind === 'type') return MISSING;
    throw error;
  }
}

/** `format` reaches into its arguments, as templates do, so that it is defined here. */
const FORMATS: Readonly<Record<string, Method<never>>> = {
  format: (self: string, args, named) => formatText({ attribute, item }, self, args, named),
  format_map: method<string>('mapping!', (self, [mapping]) => {
    if (!isMapping(mapping)) throw new TemplateError('format_map() needs a dict', 'type');
    return formatText({ attribute, item }, self, [], mapping);
  }),
};

/** A method of a value, or undefined. Only those listed exist: nothing of JavaScript's own can be reached. */
export function findMethod(value: unknown, name: string): Method | undefined {
  const listed = findListed(value, name);
  return listed === undefined && typeof value === 'string' && Object.hasOwn(FORMATS, name)
    ? (FORMATS[name] as Method | undefined)
    : listed;
}

function property(target: unknown, name: string): unknown {
  if (name.startsWith('_')) return undefined;
  if (target instanceof PyObject) return target.attribute(name);
  if (target instanceof PyDatetime || target instanceof PyDelta) {
    const found = dateProperty(target, name);
    if (found !== undefined) return found;
  }
  if (target instanceof PyTuple && target.names.includes(name)) return target.items[target.names.indexOf(name)];
  if (name === 'real' && isInteger(target)) return target;
  const method = findMethod(target, name);
  return method && new PyCallable(name, (args, named) => method(target, args, named));
}

/** Python's slices, steps included. Throws Python's TypeError for what cannot be cut. */
export function slice(target: unknown, from: unknown, to: unknown, step: unknown): unknown {
  if (target === undefined) throw new TemplateError('a part of a missing value', 'undefined');
  const bounds = (): (number | undefined)[] =>
    [from, to, step].map((bound) => {
      const value = numeric(bound);
      if (value === null) return undefined;
      if (!isInteger(value)) throw new TemplateError('slice indices must be integers or None', 'type');
      return Number(value);
    });
  if (typeof target === 'string') return cut(characters(target), bounds()).join('');
  if (Array.isArray(target)) return cut(target, bounds());
  if (target instanceof PyTuple) return new PyTuple(cut(target.items, bounds()));
  if (target instanceof PyBytes) return new PyBytes(Uint8Array.from(cut([...target.bytes], bounds())));
  throw new TemplateError(`'${typeName(target)}' object is not subscriptable`, 'type');
}

function cut<T>(items: readonly T[], [from, to, step = 1]: (number | undefined)[]): T[] {
  if (step === 0) throw new TemplateError('slice step cannot be zero');
  const { length } = items;
  spend(length);
  if (step === 1) return items.slice(from, to);
  const clamp = (bound: number | undefined, otherwise: number): number => {
    if (bound === undefined) return otherwise;
    const low = step > 0 ? 0 : -1;
    return Math.min(Math.max(bound < 0 ? bound + length : bound, low), step > 0 ? length : length - 1);
  };
  const start = clamp(from, step > 0 ? 0 : length - 1);
  const end = clamp(to, step > 0 ? length : -1);
  const found: T[] = [];
  for (let i = start; step > 0 ? i < end : i > end; i += step) found.push(items[i] as T);
  return found;
}

/** Of anything callable. Throws UndefinedError for a missing value, else Python's TypeError. */
export function call(target: unknown, args: readonly unknown[], named: Readonly<Record<string, unknown>>): unknown {
  spend(1);
  if (target instanceof PyCallable) return target.call(args, named);
  if (target instanceof PyObject && target.call !== undefined) return target.call(args, named);
  if (target === undefined) throw new TemplateError('a call of a missing value', 'undefined');
  throw new TemplateError(`'${typeName(target)}' object is not callable`, 'type');
}

/** The arguments that `**value` stands for. */
export function namedOf(value: unknown): [string, unknown][] {
  if (!isMapping(value)) throw new TemplateError(`argument after ** must be a mapping, not ${typeName(value)}`, 'type');
  return entriesOf(value).map(([key, held]) => {
    if (typeof key !== 'string') throw new TemplateError('keywords must be strings', 'type');
    return [key, held];
  });
}
