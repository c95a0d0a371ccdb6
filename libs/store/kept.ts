import type { Db } from './database.js';

/** What never changes under its key is read once, and shared: the newest `most` of each database. */
export class Kept<T> {
  private readonly byDb = new WeakMap<Db, Map<string, T>>();

  constructor(private readonly most: number) {}

  get(db: Db, key: string): T | undefined {
    return this.byDb.get(db)?.get(key);
  }

  /** Freezes it, all of it: who holds it holds everybody's. */
  keep(db: Db, key: string, value: T): T {
    const values = this.byDb.get(db) ?? new Map<string, T>();
    this.byDb.set(db, values);
    if (values.size >= this.most) values.delete(values.keys().next().value ?? '');
    values.set(key, frozen(value));
    return value;
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
