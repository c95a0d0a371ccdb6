import { createHash } from 'node:crypto';
import type { SourceRecord } from '../../contracts/stream.js';
import { compareCursors, cursorValue, type CompareCursors, type CursorOrder, type CursorValue } from '../../pipeline/index.js';
import type { Column } from '../../typing/index.js';

const DIGEST_BYTES = 16;

/** What earlier runs left at their highest cursors: how often a digest may still be met before the record is a new one. */
export interface BoundaryBase {
  cursors: ReadonlySet<string>;
  /** The layouts that the digests were made with. */
  layouts: readonly { schemaVersion: number; columns: readonly Column[] }[];
  /** `${schemaVersion}:${digest hex}` → copies. */
  remaining: Map<string, number>;
}

export interface BoundaryOptions {
  field: string;
  order: CursorOrder;
  columns: readonly Column[];
  /** The text that a record is in columns, as the destination is sent it; null: it is not loaded. What digests are made of. */
  line: (columns: readonly Column[]) => (record: SourceRecord) => string | null;
  base: BoundaryBase;
  /** The highest cursor that this slice has committed so far. */
  committed: string | null;
}

/** Which rows of sluice.boundary a writer's statements are about. */
export interface BoundaryKey {
  streamId: string;
  partition: string;
  runId: string;
  sliceId: string;
  schemaVersion: number;
}

/** What a chunk changes of the boundary records. */
export interface BoundaryChange {
  /** The slice's earlier records are not at the top any more. */
  replaces: boolean;
  /** The records that join those at the top; null: none. */
  top: { cursor: string; copies: ReadonlyMap<string, number> } | null;
  /** Boundary records that were met, by `${schemaVersion}:${digest hex}`. */
  hits: ReadonlyMap<string, number>;
}

/** Records that nobody has made yet (JsonRows, CopyLines). */
export interface UnseenRows {
  readonly length: number;
  record(row: number): SourceRecord;
  /** Places of a field, one a record; below 0 where the record does not have it. */
  column(name: string): Int32Array;
  /** As it is in the record. */
  value(place: number): unknown;
  /** Whether two places hold the same text. */
  same(one: number, other: number): boolean;
}

/** A record, or where it is. */
type Remembered = { record: SourceRecord } | { rows: UnseenRows; row: number };

/**
 * The records at the highest cursor of an append. Sources are read again from the last cursor inclusively, since more records may come with the
 * same one; those that are in the table already are recognised by digest and dropped, as often as they are there. Only references are kept while
 * a chunk fills; digests are made when it is committed, of the few records that are at the top then.
 */
export class BoundaryWatch {
  private readonly compare: CompareCursors;
  private readonly field: string;
  private readonly order: CursorOrder;
  private readonly base: BoundaryBase;
  private readonly line: (record: SourceRecord) => string | null;
  private readonly baseLines: readonly { schemaVersion: number; line: (record: SourceRecord) => string | null }[];
  private committed: CursorValue | null;
  private top: CursorValue | null = null;
  private topRecords: Remembered[] = [];
  /** By `${schemaVersion}:${digest hex}`, as in the base. */
  private hits = new Map<string, number>();

  constructor({ field, order, columns, line, base, committed }: BoundaryOptions) {
    this.field = field;
    this.order = order;
    this.compare = compareCursors(order);
    this.base = base;
    this.line = line(columns);
    this.baseLines = base.layouts.map((layout) => ({ schemaVersion: layout.schemaVersion, line: line(layout.columns) }));
    this.committed = cursorValue(committed, order);
  }

  /** Takes a page: drops boundary records that the table has, remembers those at the top. Returns what is to be loaded. */
  take(records: readonly SourceRecord[]): readonly SourceRecord[] {
    const fresh = this.base.remaining.size === 0 ? records : records.filter((record) => !this.isKnown(record));
    for (const record of fresh) this.observe(this.cursorOf(record[this.field]), { record });
    return fresh;
  }

  /** As `take`, for records that nobody has made yet. false: some may be in the table already, so that they have to be looked at; none was remembered. */
  takeRows(rows: UnseenRows): boolean {
    const cursors = this.cursorsOf(rows);
    if (this.base.remaining.size > 0 && cursors.some((cursor) => this.base.cursors.has(String(cursor)))) return false;
    for (const [row, cursor] of cursors.entries()) this.observe(cursor, { rows, row });
    return true;
  }

  /** What goes into the chunk's transaction; the chunk after it starts empty. */
  change(): BoundaryChange {
    const copies = this.top === null ? new Map<string, number>() : this.digestsOfTop();
    let replaces = false;
    let top: BoundaryChange['top'] = null;
    if (this.top !== null && copies.size > 0) {
      const order = this.committed === null ? 1 : this.compare(this.top, this.committed);
      if (order >= 0) top = { cursor: String(this.top), copies };
      if (order > 0) {
        replaces = this.committed !== null;
        this.committed = this.top;
      }
    }
    const { hits } = this;
    this.top = null;
    this.topRecords = [];
    this.hits = new Map();
    return { replaces, top, hits };
  }

  /** null: it has none. A NUL cannot be stored; its record cannot be loaded either. */
  private cursorOf(value: unknown): CursorValue | null {
    const cursor = cursorValue(value, this.order);
    return typeof cursor === 'string' && cursor.includes('\0') ? null : cursor;
  }

  private cursorsOf(rows: UnseenRows): (CursorValue | null)[] {
    let before = -1;
    let cursor: CursorValue | null = null;
    return Array.from(rows.column(this.field), (place) => {
      if (place < 0) return null;
      // Neighbours often share a value.
      if (before < 0 || !rows.same(place, before)) cursor = this.cursorOf(rows.value(place));
      before = place;
      return cursor;
    });
  }

  private observe(cursor: CursorValue | null, remembered: Remembered): void {
    if (cursor === null) return;
    const order = this.top === null ? 1 : this.compare(cursor, this.top);
    if (order < 0) return;
    if (order > 0) {
      this.top = cursor;
      this.topRecords = [];
    }
    this.topRecords.push(remembered);
  }

  private isKnown(record: SourceRecord): boolean {
    const cursor = cursorValue(record[this.field], this.order);
    if (cursor === null || !this.base.cursors.has(String(cursor))) return false;
    for (const { schemaVersion, line } of this.baseLines) {
      const digest = digestOf(cursor, line(record));
      const key = `${schemaVersion}:${digest}`;
      const left = this.base.remaining.get(key) ?? 0;
      if (digest === null || left <= 0) continue;
      this.base.remaining.set(key, left - 1);
      this.hits.set(key, (this.hits.get(key) ?? 0) + 1);
      return true;
    }
    return false;
  }

  private digestsOfTop(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const remembered of this.topRecords) {
      const record = 'record' in remembered ? remembered.record : remembered.rows.record(remembered.row);
      const digest = digestOf(this.top as CursorValue, this.line(record));
      if (digest !== null) counts.set(digest, (counts.get(digest) ?? 0) + 1);
    }
    return counts;
  }
}

/** Half of a SHA-256 over cursor and line, as hex. null: the record has no line, it is not loaded. */
function digestOf(cursor: CursorValue, line: string | null): string | null {
  if (line === null) return null;
  return createHash('sha256')
    .update(`${String(cursor)}\0${line}`)
    .digest('hex')
    .slice(0, DIGEST_BYTES * 2);
}
