import type { SourceRecord } from '../../contracts/stream.js';
import type { Scope } from '../manifest/interpolation.js';
import type { PropertyChunking } from './property-chunks.js';

/** A list of properties that a source itself tells. */
export interface PropertySource {
  /** Reads the records that name them; the reader's own business, hence unknown here. */
  readonly retriever: unknown;
  /** A record's property. */
  property(record: SourceRecord, scope: Scope): string;
}

/** Which fields to ask a source for, in one request or several. */
export interface QueryProperties {
  readonly properties: readonly string[] | PropertySource;
  readonly always: readonly string[];
  readonly chunking: PropertyChunking | null;
  /** The fields of a schema that a sync has chosen, as the source names them; null: whatever it is, all are asked for. */
  readonly select: ((schema: Record<string, unknown>, scope: Scope) => ReadonlySet<string>) | null;
}
