import { HeaderNames } from './header-names.js';
import { PyDict } from './py-dict.js';
import { dict, isDict } from './types.js';

/** A dict of any keys, in their order: an object where that keeps both, else a PyDict. Throws Python's TypeError for a list as a key. */
export function anyDict(entries: readonly (readonly [unknown, unknown])[]): Record<string, unknown> | PyDict {
  const plain = entries.every(([key]) => typeof key === 'string' && !/^\d/.test(key));
  return plain ? dict(entries as [string, unknown][]) : new PyDict(entries);
}

export type Mapping = Record<string, unknown> | PyDict | HeaderNames;
export const isMapping = (value: unknown): value is Mapping =>
  value instanceof PyDict || value instanceof HeaderNames || isDict(value);
export function entriesOf(value: Mapping): [unknown, unknown][] {
  return value instanceof PyDict || value instanceof HeaderNames ? value.entries() : Object.entries(value);
}
/** The value of a key, or `absent`. */
export function lookUp(value: Mapping, key: unknown, absent: unknown): unknown {
  if (value instanceof PyDict || value instanceof HeaderNames) return value.get(key, absent);
  return typeof key === 'string' && Object.hasOwn(value, key) ? value[key] : absent;
}
