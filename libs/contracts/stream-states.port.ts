import type { StreamRef } from './stream-ref.js';
import type { StreamState } from './stream.js';

/** Whose state: a stream of a sync, in a lane. */
export type StateKey = Pick<StreamRef, 'installation' | 'syncId' | 'stream' | 'lane'>;

/** How a state came to be: by a run, by a reset, or by hand: written as it is, taken from the history, made to read again from somewhere. */
export type StateOrigin = 'run' | 'reset' | 'set' | 'restored' | 'replayed' | 'backfill';

/** A state with what made it. */
export interface StateChange {
  /** Grows with every change of the stream's state in this lane; 0: there never was one. */
  version: number;
  /** Its numbers have every digit: BigInt and Decimal where a double would change them (libs/json). */
  state: StreamState;
  origin: StateOrigin;
  /** null: made by hand. */
  runId: string | null;
  at: Date;
}

/** A state to be written in place of the one of `version`. */
export interface StateWrite {
  /** Its epoch becomes the stream's: whatever wrote before may not any more. */
  ref: StreamRef;
  version: number;
  state: StreamState;
  origin: StateOrigin;
}

/** The states that lie at a destination, for whoever looks at them or changes them by hand. Runs write them through SliceWriter and Settle. */
export interface StreamStates {
  /** By stream; one that was never loaded is missing. A state that no run changed since the history was cut has no change but itself. */
  read(request: { keys: readonly StateKey[] }): Promise<ReadonlyMap<string, StateChange>>;
  /** Newest first, those below `before`; null: from the newest. */
  history(request: { key: StateKey; before: number | null; limit: number }): Promise<readonly StateChange[]>;
  /**
   * All or none, in one transaction under the streams' locks. What interrupted runs left to be completed is forgotten: the next run reads from the
   * state. Errors: VERSION_CONFLICT (a state is not at its version), STALE_RUN.
   */
  write(request: { changes: readonly StateWrite[] }): Promise<void>;
}
