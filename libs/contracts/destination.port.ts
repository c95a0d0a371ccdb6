import type { CopyTarget, Page } from './source.port.js';
import type { Position, Slice, StreamState } from './stream.js';
import type { StreamRef, StreamTarget, SyncRef } from './stream-ref.js';
import type { Verifier } from './verifier.port.js';
import type { StreamStates } from './stream-states.port.js';
import type { Outbox } from './outbox.port.js';
import type { Quarantine } from './quarantine.port.js';
import type { Delivery, WriteMode, Writers } from './write-mode.js';

export type { StreamAction, StreamDeletes, StreamRef, StreamTarget, SyncRef, Tombstone } from './stream-ref.js';

export interface DestinationCapabilities {
  /** By mode; a mode that is not named cannot be loaded. */
  delivery: Readonly<Partial<Record<WriteMode, Delivery>>>;
  formats: readonly Page['format'][];
  /** Who can load it at the same time: any number of processes, or one, for which the others wait. */
  writers: Writers;
  /** Whether it follows deletes (StreamTarget.deletes). */
  deletes: boolean;
  /** Whether its rows can have digests (the metadata column `digest`). */
  digests: boolean;
  /** Whether it tells of the records that runs change (StreamTarget.changes). */
  changes: boolean;
  /** Whether lists can become tables of their own (StreamTarget.childTables). */
  childTables: boolean;
}

export interface PreparedStream {
  generation: number;
  schemaVersion: number;
  state: StreamState;
  /**
   * Slices that an earlier run of the lane left unfinished with committed records behind them (incremental_append, resume exact): the new run
   * must complete them, as they are, before it plans from the state, or those records are appended a second time. `open` goes on where they were.
   */
  unfinished: readonly Slice[];
}

/**
 * The counts of DESIGN §4. They exist only in the destination's ledger; whoever shows them has read them there.
 * read = inserted + updated + unchanged + superseded + deduplicated + deleted + filtered + quarantined.
 */
export interface Counts {
  read: number;
  inserted: number;
  updated: number;
  /** The destination already had the very same record. */
  unchanged: number;
  /** The destination has a newer version by cursor. */
  superseded: number;
  /** A duplicate: of another record in the chunk, or of a boundary record that an earlier run loaded. */
  deduplicated: number;
  deleted: number;
  filtered: number;
  quarantined: number;
  /** Values (not records) that the stream's contract left out of records that were loaded. */
  discarded: number;
  /** Rows marked or deleted in the end because their key was missing from a whole read: nothing was read for them. */
  removed: number;
  bytes: number;
  chunks: number;
}

/** A slice that is complete, with the position after its last page. */
export interface CompletedSlice {
  slice: Slice;
  position: Position | null;
}

/** Makes a stream's state from the state and from slices that were completed without one (SliceWriter.complete). Pure: may be called again with some of the same slices. */
export type Settle = (state: StreamState, completed: AsyncIterable<CompletedSlice>) => Promise<StreamState>;

/** A chunk that is committed. */
export interface CommittedChunk {
  /** Records read. */
  rows: number;
  /** As received. */
  bytes: number;
  /** From the end of the chunk's rows to the answer to its commit. */
  ms: number;
}

/** The one writer of a slice under one fence. Not for concurrent use: one caller, one call at a time. */
export interface SliceWriter {
  /** Where to read on; null: from the slice's beginning. */
  readonly position: Position | null;
  /** The slice was completed by an earlier attempt: nothing to read. */
  readonly completed: boolean;
  /** Rows that this writer takes as they are; null: it has to see values. Absent: it never takes any. */
  copyTarget?(): Promise<CopyTarget | null>;
  /** Encodes and streams the page's records, or sends its rows as they are, into the open chunk, with back-pressure. */
  write(page: Page): Promise<void>;
  /** Ends the chunk at `position` and hands it to commit; resolves when at most this one commit is outstanding. Commits happen in order. */
  commit(position: Position): Promise<void>;
  /**
   * Completes the slice: what is open, the state and the mark that it is done go in together, so that rows behind the last position are never
   * committed without it. `position`: what `next` was made from. `next` must be pure: it may be called again. null: the state is made from the
   * completed slices when the stream is finished, or prepared by another run (`settle`), so that no slice writes what grows with their number;
   * for slices of a partition only.
   */
  complete(position: Position | null, next: ((state: StreamState) => StreamState) | null): Promise<void>;
  /** Waits for outstanding commits, drops what was not committed, and frees the connections. Always call it; safe after errors. */
  close(): Promise<void>;
  /** Chunks committed so far by this writer. */
  readonly committedChunks: number;
  /** The last chunk whose commit came in, as one and the same object until the next; undefined: none did, or the destination does not tell. */
  readonly lastCommit?: CommittedChunk | undefined;
}

/** Loads one external system, exactly once where it says so. Errors are SluiceErrors; STALE_RUN and STALE_WRITER tell an old writer to stop. */
export interface Destination {
  readonly capabilities: DestinationCapabilities;
  /** Absent: this destination's tables cannot be verified. */
  readonly verifier?: Verifier;
  /** The states, to look at and to change by hand; absent: this destination cannot. */
  readonly states?: StreamStates;
  /** The records kept aside; absent: this destination does not show them. */
  readonly quarantine?: Quarantine;
  /** What runs changed, for flows; absent: it does not tell (capabilities.changes). */
  readonly outbox?: Outbox;
  /** Connects, checks version, permissions and that the session is real (no transaction pooler). Throws what is wrong. */
  check(): Promise<void>;
  /**
   * Raises the epoch, owns and shapes the table, opens or resumes the generation. `settle`: for what was completed since the state was made; absent: slices have no partitions. Idempotent within a run.
   */
  prepare(request: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<PreparedStream>;
  /** Raises the fence to `fence` (> any earlier one of the slice), ends the old writer's sessions, and takes the position from the same statement. */
  open(request: { ref: StreamRef; target: StreamTarget; slice: Slice; fence: number }): Promise<SliceWriter>;
  /** Makes a complete stream visible, with the state that `settle` makes of all its slices, and cleans up. Idempotent. */
  finish(request: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<void>;
  /**
   * After `finish`: refreshes what the destination's planner knows of the table, where the run changed much of it; whether it did. The load is complete
   * whatever it throws. Absent: the destination has no such statistics, or keeps them by itself.
   */
  refreshStatistics?(request: { ref: StreamRef; target: StreamTarget }): Promise<boolean>;
  /** Refuses every writer of an epoch below `ref.epoch` from now on, for streams that exist. */
  fence(request: { ref: StreamRef }): Promise<void>;
  /** Forgets state, checkpoints and digests of a stream, so that the next run loads it anew, as a generation beside the table: the old rows are seen until it has finished. */
  reset(request: { ref: StreamRef; target: StreamTarget }): Promise<void>;
  /**
   * Gives up the generation that this run loads, if it is still that one: whoever has opened a slice of it is stale, and the run's next `prepare`
   * opens a new one. Idempotent. Errors: STALE_RUN.
   */
  restart(request: { ref: StreamRef; generation: number }): Promise<void>;
  /** Gives up the tables of a sync that is being deleted; they stay with their rows. Nothing happens where the sync never loaded. Idempotent. */
  release(ref: SyncRef): Promise<void>;
  /** Sums of the ledger for a run's stream. */
  inspect(request: { ref: StreamRef }): Promise<Counts>;
  close(): Promise<void>;
}
