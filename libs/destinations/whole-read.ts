import type { StreamRef, StreamTarget } from '../contracts/destination.port.js';
import { SluiceError } from '../errors/index.js';

/** The lane whose runs read all of a stream; others read a part of it, which says nothing about what is missing. */
const WHOLE_LANE = 'live';

/** Whether a run remembers the keys that it reads. A generation needs no memory: what it does not hold is gone when it is published. */
export const remembersKeys = (
  { ref, target }: { ref: Pick<StreamRef, 'lane'>; target: Pick<StreamTarget, 'mode' | 'deletes'> },
  { loading }: { loading: boolean },
): boolean =>
  target.mode === 'incremental_upsert' && target.deletes?.missing !== undefined && !loading && ref.lane === WHOLE_LANE;

/** What is known of a whole read when it has finished, and of the table. */
export interface WholeRead {
  /** Records were quarantined: their rows would seem to be missing. */
  quarantined: boolean;
  /** No key was read. */
  nothing: boolean;
  /** The table has rows that could be missing. */
  rows: boolean;
}

/** Whether the rows that a whole read did not meet are to go. Pure. Errors: DELETES_EVERYTHING. */
export function mayDeleteMissing({ quarantined, nothing, rows }: WholeRead, target: StreamTarget): boolean {
  if (target.deletes?.missing === undefined || quarantined || !rows) return false;
  const table = `${target.namespace}.${target.table}`;
  if (nothing && !target.deletes.allowEmpty)
    throw new SluiceError('DELETES_EVERYTHING', {
      detail: `the source gave no record of the stream, and ${table} has rows`,
      details: { table },
    });
  return true;
}
