import type { RecordChangeKind } from './flow-events.js';

/** A record that a run inserted, changed or deleted. */
export interface RecordChange {
  /** Its own, for ever. */
  id: string;
  stream: string;
  lane: string;
  runId: string;
  change: RecordChangeKind;
  /** JSON text of the row's columns, as it was written, or as it was before it was deleted; numbers have every digit. */
  record: string;
  at: Date;
}

/** Changes that wait at a destination to be taken to the inbox. They are as sensitive as the table's rows: never logged. */
export interface Outbox {
  /** Of one sync, oldest first, at most `limit`, fewer where they are large; they stay. */
  read(request: { installation: string; syncId: string; limit: number }): Promise<readonly RecordChange[]>;
  /** Those that are in the inbox. Idempotent. */
  remove(request: { ids: readonly string[] }): Promise<void>;
}
