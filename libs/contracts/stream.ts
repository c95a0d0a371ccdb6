import type { JsonObject, JsonSchema, JsonValue } from './json.js';
import type { Resume, WriteMode } from './write-mode.js';

/** One stream as a source describes it: the unit of discovery. */
export interface StreamDescriptor {
  name: string;
  jsonSchema: JsonSchema;
  /** Top-level field names, in key order; empty when the stream has no key. */
  primaryKey: readonly string[];
  /** Top-level field name; null when the stream cannot be read incrementally. */
  cursorField: string | null;
  /** How two cursor values compare: as text (ISO times of one format, ids) or as numbers. */
  cursorOrder: 'text' | 'number';
  resume: Resume;
  modes: readonly WriteMode[];
  /** Words for the reader where reading is not safe against changes at the source (page numbers, offsets). */
  warnings: readonly string[];
  /** Set when the stream is listed but cannot be read; the reason names the missing part. */
  unavailable: string | null;
}

/** What a connection offers. Pinned to a run by the hash of its canonical JSON. */
export interface Catalog {
  streams: readonly StreamDescriptor[];
}

/** An independent part of a stream. `spec` is the source's own and opaque to the core. */
export interface Slice {
  /** Stable within a run: the same part of the same plan always has the same id. At most 200 characters. */
  id: string;
  spec: JsonObject;
  /** Which cursor the slice advances: '' for a stream with one cursor, else the partition's stable name. */
  partition: string;
}

/** Where in a slice the reader was after a page. The source's own format; small (< 2 KB). */
export type Position = JsonValue;

/** What a connector remembers between runs, per stream: Airbyte's per-stream format, opaque to the core; null before the first slice completed. */
export type StreamState = JsonObject | null;

/** One record: an object as the API sent it (after the manifest's own transformations). */
export type SourceRecord = Record<string, unknown>;
