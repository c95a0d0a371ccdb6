import { HeaderNames } from './header-names.js';
import { PyDict, hashOf } from './py-dict.js';
import { PyFloat, PyTuple, dict, isDict } from './types.js';

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
  if (typeof key === 'string') return Object.hasOwn(value, key) ? value[key] : absent;
  // Raises for what cannot be a key; anything else is not there.
  hashOf(key);
  return absent;
}

/** As JSON has it: dicts become objects, whatever their keys were (`1`, `null`, `true`). Text and numbers stay as they are. */
export function withTextKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withTextKeys);
  if (!(value instanceof PyDict) && !isDict(value)) return value;
  return dict(entriesOf(value).map(([key, item]) => [jsonKey(key), withTextKeys(item)]));
}

const jsonKey = (key: unknown): string => {
  if (key instanceof PyFloat) return key.value.toFixed(1);
  return key instanceof PyTuple ? `(${key.items.map(jsonKey).join(', ')})` : String(key);
};
