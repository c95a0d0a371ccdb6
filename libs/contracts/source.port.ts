import type { Catalog, Position, Slice, SourceRecord, StreamState } from './stream.js';
import type { CopyLines } from '../copy-text/index.js';
import type { JsonRows } from '../json/index.js';
import type { SluiceError } from '../errors/index.js';
import type { JsonObject, JsonValue } from './json.js';

/** What every page has. */
interface PageFacts {
  /** After this page. null: a chunk may not end here (the source gave no position). Includes whatever `complete` needs later. */
  position: Position | null;
  /** Bytes received for this page, for chunk cutting and progress. */
  bytes: number;
  /** Calls made for this page, repeats included. */
  requests: number;
  /** Who goes on from the position has to receive again what lies before it: a reader should leave here only if it must. Default: false. */
  rereads?: boolean;
  /** What the reader should be told of the stream, each once: pages may repeat it. No value of a record is in it. Default: nothing. */
  warnings?: readonly string[];
}

/** Records read together. */
export interface RecordPage extends PageFacts {
  format: 'records';
  records: readonly SourceRecord[];
}

/** Rows as PostgreSQL's COPY writes them, in the columns and types of the CopyTarget that was accepted. */
export interface CopyPage extends PageFacts {
  /** Of binary rows neither the header nor the trailer is here. */
  format: 'copy_text' | 'copy_binary';
  /** Framed as the protocol frames them: one CopyData message a row, none of them cut. */
  body: Buffer;
  rows: number;
  /** Takes `body` back once nobody reads it any more: it may then hold other rows. Who never calls it only costs memory. */
  release?: () => void;
}

/** The records of a JSON text that nobody has parsed. What they are is what `rows.records()` gives. */
export interface JsonPage extends PageFacts {
  format: 'json';
  rows: JsonRows;
}

/** Rows as PostgreSQL's COPY writes them, in the source's own columns and types. What they are is what `lines.records()` gives. */
export interface LinePage extends PageFacts {
  format: 'copy_lines';
  lines: CopyLines;
}

/** The format is negotiated: a source gives anything but records only to a reader that said what it accepts. */
export type Page = RecordPage | JsonPage | LinePage | CopyPage;

/** Rows that a writer takes without seeing their values. */
export interface CopyTarget {
  /** The writer's choice first. `copy_binary` is offered only where `type` is what the writer's own column is. */
  formats: readonly CopyPage['format'][];
  /** In the order of a row. */
  columns: readonly {
    /** The record's field. */
    field: string;
    /** PostgreSQL's name of the type, as format_type() writes it. */
    type: string;
    /** The rows must not have a null here: the source has to know that there is none, or give records. */
    required: boolean;
  }[];
  /** No two rows of a read may agree in these fields; the source has to know that, or give records. null: they may. */
  unique: readonly string[] | null;
  /** A last column of type bigint that the source fills as it likes, for a writer whose rows have one more. */
  filler: boolean;
}

export interface SlicePage {
  slices: readonly Slice[];
  /** Hand back as `after` to get the next page; null when the plan is complete. */
  next: JsonValue | null;
  /** What a run should say of reading by this plan. No value of a record is in it. Default: nothing. */
  warnings?: readonly string[];
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

/** What may be done with the states of a source's streams by hand. Errors of `read` and `between`: UNKNOWN_STREAM, STREAM_UNAVAILABLE, those of the system. */
export interface SourceStates {
  /** As Airbyte writes it, with every digit (stringifyJson). Pure. */
  show(state: StreamState): unknown;
  /** A state from outside (libs/json), as it is kept. Errors: STATE_INVALID, with the field and what was expected. */
  read(request: { stream: string; state: unknown }): Promise<StreamState>;
  /**
   * A state from which the stream is read again: from a value of the cursor on, or up to another one only (which is read too where the cursor has no granularity). Values in a format of the cursor, or ISO 8601.
   * Errors: STATE_INVALID (no such value), STATE_NOT_POSSIBLE (this stream's states cannot say that).
   */
  between(request: { stream: string; from: string; to: string | null }): Promise<StreamState>;
}

/** Something of a slice that goes on at the source without a reader, and that nobody will come back for. */
export interface Abandoned {
  /** Replaces the position: from here a reader does not look for it any more. To be stored before `end` is called. */
  position: Position;
  /** Asks the source to end it. Errors: the source's own; it then goes on until it ends by itself. */
  end(): Promise<void>;
}

/** What a slice began that is under way at the source; null: nothing is, or who reads on from the position needs it. */
export type Abandon = (request: { slice: Slice; position: Position; signal: AbortSignal }) => Abandoned | null;
/** A view of the system as of one moment, kept for other sessions to read from. */
export interface HeldSnapshot {
  /** For `read`, of any process. */
  readonly id: string;
  /** Resolves, with the reason, when it cannot be taken any more although nobody released it. */
  readonly lost: Promise<SluiceError>;
  /** Ends it at once; readers that have taken it before read on. Never throws. */
  release(): Promise<void>;
}

/** What a source can show as of one moment to all readers of a stream's slices. */
export interface SourceSnapshots {
  /** How long one may be held, in milliseconds. */
  readonly longestMs: number;
  /** Whether this slice fits others only if all are read from the same snapshot. Pure. */
  isBound(slice: Slice): boolean;
  /** Errors: those of the system; SOURCE_PERMISSION_DENIED and SOURCE_UNSUPPORTED where it will never give one. */
  hold(request: { stream: string }): Promise<HeldSnapshot>;
}

/** Reads one external system. Adapters: the declarative engine; code connectors. Errors are SluiceErrors; those of kind `rate_limited` (RATE_LIMITED, SOURCE_NOT_READY) carry `retryAt`. */
export interface Source {
  /** What pages can be besides records. Absent: nothing. */
  readonly formats?: readonly Exclude<Page['format'], 'records'>[];
  /** One cheap authenticated call. Throws what is wrong. */
  check(): Promise<void>;
  discover(): Promise<Catalog>;
  /**
   * The plan of a stream from its state, a page (≤ 1,000 slices) at a time. Deterministic for the same state, `now` and answers. `snapshots`: the
   * slices will be read from held snapshots, so that some may be bound to one. Default: they will not.
   */
  slices(request: {
    stream: string;
    state: StreamState;
    now: string;
    incremental: boolean;
    after: JsonValue | null;
    snapshots?: boolean;
  }): Promise<SlicePage>;
  /**
   * The pages of a slice from a position (null: its beginning), in a fixed order. Stops soon after `signal` aborts, by throwing its reason.
   * `accept`: rows may come in this shape; a source that cannot give them so gives records. Absent: none may.
   * `json`: pages may be JSON texts, where nothing at the source looks at their records. Absent: they may not.
   * `lines`: pages may be lines of COPY text that nobody has decoded, where rows cannot come as `accept` has them. Absent: they may not.
   * `snapshot`: the id of a held snapshot to read from. Errors: SNAPSHOT_LOST, before the first page, when it is held no more.
   * `pagesAhead`: so many requests for pages may be under way at once, where the source can foresee them; some may then be in vain. Default 1.
   */
  read(request: {
    stream: string;
    slice: Slice;
    position: Position | null;
    signal: AbortSignal;
    accept?: CopyTarget;
    json?: boolean;
    lines?: boolean;
    pagesAhead?: number;
    snapshot?: string;
  }): AsyncIterable<Page>;
  /** Pure: the state after this slice, given the position after its last page (null: it had none) and the state now. */
  complete(request: { stream: string; slice: Slice; position: Position | null; state: StreamState }): StreamState;
  /**
   * Follows a run to the stream's state, from the state that the plan was made from at `now`. Where slices have partitions the state is made so;
   * `complete` serves a stream with one cursor.
   */
  progress(request: { stream: string; state: StreamState; incremental: boolean; now: string }): StateProgress;
  /** How to give up what slices of the stream began at the source (jobs). null: they begin nothing that can be ended. Absent: no stream's do. */
  abandon?(request: { stream: string }): Promise<Abandon | null>;
  /** Absent: each slice is seen as of its own moment. */
  readonly snapshots?: SourceSnapshots;
  /** States by hand; absent: the source takes any, and cannot make one. */
  readonly states?: SourceStates;
  /** Frees sockets and timers. */
  close(): Promise<void>;
}
