import { SluiceError } from '../../errors/index.js';

/** Sets an own field of a record; assigning "__proto__" would call its setter. */
export function setField(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** Longer names are made by a mistake or an attack: a replacement that doubles names a few times would fill memory. */
const LONGEST_NAME = 10_000;

/** Sets a field under a name that a transformation made. Throws SOURCE_BAD_RESPONSE for one of more than 10,000 characters. */
export function setRenamed(target: Record<string, unknown>, name: string, value: unknown): void {
  assertNameLength(name.length);
  setField(target, name, value);
}

export function assertNameLength(characters: number): void {
  if (characters > LONGEST_NAME)
    throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: `a transformation makes a field name of ${characters} characters` });
}

/** Makes `target` hold exactly the fields of `source`, in their order: a record keeps its identity while it is rebuilt. */
export function replaceFields(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const name of Object.keys(target)) delete target[name];
  for (const name of Object.keys(source)) setField(target, name, source[name]);
}
