import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { Page, Source } from '../../libs/contracts/source.port.js';
import type { ClaimedSlice } from '../../libs/store/index.js';
import type { SluiceError } from '../../libs/errors/index.js';
import type { ChunkLimits } from '../../libs/pipeline/index.js';

/** Where a mover gets its slices from. */
export interface SliceFeed {
  /** The next slice that is this attempt's own from now on; null: none is left; `none_yet`: ask again soon, more are being planned. */
  claim(): Promise<ClaimedSlice | 'none_yet' | null>;
  done(sliceId: string): Promise<void>;
  /** The run gives the slice up. Errors: STALE_WRITER. */
  failed(sliceId: string, error: SluiceError): Promise<void>;
  /** Claims a slice that is this attempt's once more, to open it anew; its fence. null: it is another's, or open. */
  claimAgain(sliceId: string): Promise<number | null>;
  /** Hands back what was claimed and not begun. Always call it; where it fails the next attempt takes over. */
  close(): Promise<void>;
}

/** As of when a slice is read. */
export interface SliceView {
  /** For Source.read; undefined: as of its own moment. */
  snapshot: string | undefined;
  /** The stream's slices fit together in this one only. */
  bound: boolean;
}

/** From which snapshot slices are to be read. */
export interface SnapshotFeed {
  /** `none_yet`: ask again soon, one is being taken. */
  view(): Promise<SliceView | 'none_yet'>;
  /** Whether a slice that was opened since may be read so: it must not where the stream has begun anew. */
  isCurrent(view: SliceView): Promise<boolean>;
  /** The source does not know it any more: another one is waited for. */
  isGone(snapshot: string): void;
}

export interface ChunkMoverRequest {
  source: Source;
  destination: Destination;
  feed: SliceFeed;
  /** Absent: each slice is read as of its own moment. */
  snapshots?: SnapshotFeed;
  ref: StreamRef;
  target: StreamTarget;
  /** The most of a chunk; it begins smaller. */
  limits: ChunkLimits;
  /** Of this mover since its last commit. Default 0. */
  failures?: number | undefined;
  /** Takes what the source says of the stream (RecordPage.warnings). */
  warn(words: readonly string[]): Promise<void>;
  /** Told of each page that was written. Default: nobody is. */
  onPage?(page: Page): void;
  /** Milliseconds since the epoch: the end of the window. */
  deadline: number;
  /** Aborts when the mover should commit what it has and return. */
  drain: AbortSignal;
}
