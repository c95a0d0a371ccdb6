import type { Catalog, Position, Slice, SourceRecord, StreamState } from './stream.js';
import type { JsonObject, JsonValue } from './json.js';

/** Records read together. */
export interface RecordPage {
  format: 'records';
  records: readonly SourceRecord[];
  /** After this page. null: a chunk may not end here (the source gave no position). Includes whatever `complete` needs later. */
  position: Position | null;
  /** Bytes received for this page, for chunk cutting and progress. */
  bytes: number;
  /** Calls made for this page, repeats included. */
  requests: number;
}
/** `copy_text | copy_binary` join when databases become sources; the format is negotiated from capabilities. */
export type Page = RecordPage;

export interface SlicePage {
  slices: readonly Slice[];
  /** Hand back as `after` to get the next page; null when the plan is complete. */
  next: JsonValue | null;
}

/** Where a run over a stream's slices is. */
export interface Reached {
  /** Every slice of the plan was added, so that what stands for all partitions may move. */
  whole: boolean;
  /** How long the run took so far. */
  seconds: number;
}

/** Completed slices become a state. Pure; slices in any order, each as often as it comes. */
export interface StateProgress {
  /** `position`: after the slice's last page; null: it had none. */
  add(slice: Slice, position: Position | null): void;
  /** To plan the next run from. */
  state(reached: Reached): StreamState;
  /** As Airbyte writes it, with every digit (stringifyJson): without what was read behind a gap. */
  message(reached: Reached): JsonObject;
}

/** Reads one external system. Adapters: the declarative engine; code connectors. Errors are SluiceErrors; those of kind `rate_limited` (RATE_LIMITED, SOURCE_NOT_READY) carry `retryAt`. */
export interface Source {
  /** One cheap authenticated call. Throws what is wrong. */
  check(): Promise<void>;
  discover(): Promise<Catalog>;
  /** The plan of a stream from its state, a page (≤ 1,000 slices) at a time. Deterministic for the same state, `now` and answers. */
  slices(request: {
    stream: string;
    state: StreamState;
    now: string;
    incremental: boolean;
    after: JsonValue | null;
  }): Promise<SlicePage>;
  /** The pages of a slice from a position (null: its beginning), in a fixed order. Stops soon after `signal` aborts, by throwing its reason. */
  read(request: { stream: string; slice: Slice; position: Position | null; signal: AbortSignal }): AsyncIterable<Page>;
  /** Pure: the state after this slice, given the position after its last page (null: it had none) and the state now. */
  complete(request: { stream: string; slice: Slice; position: Position | null; state: StreamState }): StreamState;
  /**
   * Follows a run to the stream's state, from the state that the plan was made from at `now`. Where slices have partitions the state is made so;
   * `complete` serves a stream with one cursor.
   */
  progress(request: { stream: string; state: StreamState; incremental: boolean; now: string }): StateProgress;
  /** Frees sockets and timers. */
  close(): Promise<void>;
}
