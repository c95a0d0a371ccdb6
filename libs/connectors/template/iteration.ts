import { TemplateError } from './errors.js';
import { HeaderNames } from './header-names.js';
import { entriesOf, isMapping } from './mapping.js';
import { spend } from './meter.js';
import { PyDict } from './py-dict.js';
import { PyBytes, PyDelta, PyIterator, PySet, PyTuple, PyView, isDict, isNumber, toNumber, typeName } from './types.js';

export function truthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (value === true || typeof value === 'string') return true;
  if (isNumber(value)) return toNumber(value) !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof PyTuple || value instanceof PySet || value instanceof PyView) return value.items.length > 0;
  if (value instanceof PyBytes) return value.bytes.length > 0;
  if (value instanceof PyDelta) return value.duration.micros !== 0 || value.duration.months !== 0;
  if (value instanceof PyDict || value instanceof HeaderNames) return value.size > 0;
  if (!isDict(value)) return true;
  for (const key in value) if (Object.hasOwn(value, key)) return true;
  return false;
}

/** The characters of a text, as Python counts them: code points. */
export const characters = (text: string): readonly string[] => (/[\ud800-\udfff]/.test(text) ? [...text] : text.split(''));

/** Items of anything that can be looped over, all at once; a dict gives its keys, text its characters. */
export function iterate(value: unknown): readonly unknown[] {
  const items = itemsOf(value);
  if (items === undefined) throw new TemplateError(`'${typeName(value)}' object is not iterable`, 'type');
  spend(items.length);
  return items;
}

function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value as unknown[];
  if (value instanceof PyTuple || value instanceof PySet || value instanceof PyView) return value.items;
  if (typeof value === 'string') return characters(value);
  if (value === undefined) return [];
  if (isMapping(value)) return entriesOf(value).map(([key]) => key);
  if (value instanceof PyBytes) return [...value.bytes];
  if (!(value instanceof PyIterator)) return undefined;
  const items: unknown[] = [];
  for (let step = value.items.next(); step.done !== true; step = value.items.next()) {
    spend(1);
    items.push(step.value);
  }
  return items;
}

export const isIterable = (value: unknown): boolean => value instanceof PyIterator || itemsOf(value) !== undefined;

/** The same, one by one: a filter that stops early does not look at the rest. */
export function* each(value: unknown): Generator<unknown, void, undefined> {
  if (!(value instanceof PyIterator)) {
    yield* iterate(value);
    return;
  }
  for (let step = value.items.next(); step.done !== true; step = value.items.next()) {
    spend(1);
    yield step.value;
  }
}

/** How many items; undefined for what has no length. */
export function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string') return characters(value).length;
  if (value instanceof PyIterator) return undefined;
  if (value instanceof PyDict || value instanceof HeaderNames) return value.size;
  return itemsOf(value)?.length;
}
