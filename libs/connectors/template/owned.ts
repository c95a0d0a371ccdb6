import { TemplateError } from './errors.js';

// Lists and dicts that a template made itself. Only these may it change: a configuration that grew with every record would fill memory,
// and what one stream changes would be seen by the next.
const owned = new WeakSet<object>();

/** Marks a list or dict as made by the template. */
export function made<T extends object>(value: T): T {
  owned.add(value);
  return value;
}

/** Throws where a template changes what it did not make. */
export function assertOwned(value: object): void {
  if (!owned.has(value)) throw new TemplateError('only what the template itself made may be changed', 'value', 'SecurityError');
}
