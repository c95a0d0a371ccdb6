/** A record of a service: its own fields, and those that every record has. */
export interface Entry {
  readonly id: string;
  readonly created_at: string;
  /** Milliseconds, and different for every change of a book: what follows one is right whatever changed since. */
  readonly updated_at: string;
  readonly [field: string]: unknown;
}

export interface BookPage {
  readonly entries: readonly Entry[];
  readonly hasMore: boolean;
}

/** What one service remembers, in memory, in the order of its changes. */
export class Book {
  private entries = new Map<string, Entry>();
  /** What was made with each Idempotency-Key, and from which body. */
  private readonly keys = new Map<string, { readonly body: string; readonly id: string }>();
  private lastMs = 0;
  private made = 0;

  constructor(private readonly prefix: string) {}

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  /** What was made with this key before, and whether by another body. */
  byKey(key: string, body: string): { readonly entry: Entry; readonly same: boolean } | undefined {
    const known = this.keys.get(key);
    const entry = known && this.entries.get(known.id);
    return entry && { entry, same: known.body === body };
  }

  remember(key: string, body: string, { id }: Entry): void {
    this.keys.set(key, { body, id });
  }

  make(fields: object, id = `${this.prefix}_${++this.made}`): Entry {
    const now = this.tick();
    return this.put({ ...fields, id, created_at: now, updated_at: now });
  }

  change(entry: Entry, fields: object): Entry {
    return this.put({ ...entry, ...fields, updated_at: this.tick() });
  }

  /** In the order of `updated_at`, from `since` on or after `after`; those whose fields are `like`. */
  list(asked: { since?: string; after?: string; like: Readonly<Record<string, string>>; limit: number }): BookPage {
    const { since = '', after = '', like, limit } = asked;
    const fits = [...this.entries.values()].filter(
      (entry) =>
        entry.updated_at >= since &&
        entry.updated_at > after &&
        Object.entries(like).every(([field, value]) => entry[field] === value),
    );
    return { entries: fits.slice(0, limit), hasMore: fits.length > limit };
  }

  forget(): void {
    this.entries = new Map();
    this.keys.clear();
  }

  /** Taken out and put in again, an entry stands behind all others, as its `updated_at` does. */
  private put(entry: Entry): Entry {
    this.entries.delete(entry.id);
    this.entries.set(entry.id, entry);
    return entry;
  }

  private tick(): string {
    this.lastMs = Math.max(this.lastMs + 1, Date.now());
    return new Date(this.lastMs).toISOString();
  }
}
