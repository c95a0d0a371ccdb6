import type { RecordChangeKind } from './flow-events.js';
import type { Metadata } from './metadata.js';
import type { NamingStyle, Nesting } from './nesting.js';
import type { JsonObject, JsonSchema } from './json.js';
import type { Contract } from './schema-contract.js';
import type { Resume, WriteMode } from './write-mode.js';

/** Which copy of which stream a writer speaks for. `epoch` grows with every run of the sync and lane; an older one is refused. */
export interface StreamRef {
  installation: string;
  syncId: string;
  stream: string;
  lane: string;
  runId: string;
  epoch: number;
}

/** A whole sync at the destination. */
export interface SyncRef {
  installation: string;
  syncId: string;
  epoch: number;
}

/** A record that says of itself that it is deleted. */
export interface Tombstone {
  /** Top-level field, one of the loaded ones. */
  field: string;
  /** The value that says so, compared as text; absent: any value but null and false. */
  equals?: string | number | boolean;
}

/** What happens to rows whose record is deleted at the source. */
export interface StreamDeletes {
  /** Which records are tombstones (incremental_upsert, scd2). */
  when?: Tombstone;
  /** What a tombstone does: marks the row (scd2: ends its version), or deletes it. */
  as: 'soft' | 'hard';
  /** Rows whose key a whole read did not see are marked or deleted when it has finished (incremental_upsert): each run reads the stream in full. */
  missing?: 'soft' | 'hard';
  /** A whole read without any record may delete every row; else `finish` refuses. */
  allowEmpty: boolean;
}

/** What is called with each row of a stream. */
export interface StreamAction {
  name: string;
  /** Its input, as JSON with templates that see `record`; absent: the record as it is. */
  input?: JsonObject;
}

/** What a stream should become at the destination. */
export interface StreamTarget {
  /** Destination schema (PostgreSQL) and table, as the sync names them. */
  namespace: string;
  table: string;
  mode: WriteMode;
  jsonSchema: JsonSchema;
  /** Fields to load, in column order; all top-level properties of the schema when absent. */
  fields?: readonly string[];
  primaryKey: readonly string[];
  cursorField: string | null;
  cursorOrder: 'text' | 'number';
  resume: Resume;
  /** Default: see Contract. */
  contract?: Contract;
  /** Default `json`. */
  nested?: Nesting;
  /** Fields whose lists become tables of their own too, a row for each element. Default: none. */
  childTables?: readonly string[];
  /** Of new columns; those that are there keep their names. Default `keep`. */
  names?: NamingStyle;
  /** What rows say of their loading. Absent: nothing. */
  metadata?: readonly Metadata[];
  /** Absent: nothing is ever deleted. */
  deletes?: StreamDeletes;
  /** Of an API as destination: what is called with each row. Absent: rows become rows of a table. */
  action?: StreamAction;
  /** Changes of its rows that flows wait for: each is written to the outbox with what made it. Default: none. */
  changes?: readonly RecordChangeKind[];
}
