import { TemplateError } from './errors.js';
import { PyDatetime, PyTuple, isNumber, numeric, toNumber, typeName } from './types.js';

/** Equal keys give one text: 1, 1.0 and True are the same key. Throws Python's TypeError for what cannot be a key. */
export function hashOf(key: unknown): string {
  const value = numeric(key);
  if (typeof value === 'string') return `s${value}`;
  if (typeof value === 'bigint') return `n${value}`;
  if (isNumber(value)) return `n${toNumber(value)}`;
  if (value === null) return 'None';
  if (value === undefined) return 'Undefined';
  if (value instanceof PyTuple) {
    const parts = value.items.map(hashOf);
    return `t${parts.map((part) => `${part.length}:${part}`).join()}`;
  }
  if (value instanceof PyDatetime) return `d${value.moment.micros}${String(value.dateOnly)}`;
  if (['list', 'dict', 'set', 'dict_values'].includes(typeName(value)))
    throw new TemplateError(`unhashable type: '${typeName(value)}'`, 'type');
  return `o${typeName(value)}`;
}

/** A dict that keeps its keys' types and order. */
export class PyDict {
  private readonly held = new Map<string, [unknown, unknown]>();

  constructor(entries: readonly (readonly [unknown, unknown])[]) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.held.size;
  }

  get(key: unknown, absent: unknown): unknown {
    const found = this.held.get(hashOf(key));
    return found === undefined ? absent : found[1];
  }

  set(key: unknown, value: unknown): void {
    const hash = hashOf(key);
    // Python keeps the first of two equal keys.
    this.held.set(hash, [this.held.get(hash)?.[0] ?? key, value]);
  }

  delete(key: unknown): void {
    this.held.delete(hashOf(key));
  }

  clear(): void {
    this.held.clear();
  }

  entries(): [unknown, unknown][] {
    return [...this.held.values()];
  }
}
