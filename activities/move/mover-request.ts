import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { Source } from '../../libs/contracts/source.port.js';
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
  /** Claims a slice that is this attempt's once more, to open it anew; its fence. Errors: STALE_WRITER. */
  claimAgain(sliceId: string): Promise<number>;
  /** Hands back what was claimed and not begun. Always call it; where it fails the next attempt takes over. */
  close(): Promise<void>;
}

export interface ChunkMoverRequest {
  source: Source;
  destination: Destination;
  feed: SliceFeed;
  ref: StreamRef;
  target: StreamTarget;
  /** The most of a chunk; it begins smaller. */
  limits: ChunkLimits;
  /** Of this mover since its last commit. Default 0. */
  failures?: number | undefined;
  /** Takes what the source says of the stream (RecordPage.warnings). */
  warn(words: readonly string[]): Promise<void>;
  /** Milliseconds since the epoch: the end of the window. */
  deadline: number;
  /** Aborts when the mover should commit what it has and return. */
  drain: AbortSignal;
}
