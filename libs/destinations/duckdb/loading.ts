import type { StreamTarget } from '../../contracts/destination.port.js';
import type { ChildTable, Column } from '../../typing/index.js';

/** What became of the stage's rows. */
export interface Published {
  inserted: number;
  updated: number;
  unchanged: number;
  superseded: number;
  deleted: number;
  deduplicated: number;
}

export interface PublishOptions {
  /** Quoted. */
  relation: string;
  columns: readonly Column[];
  /** Tables of lists that are written with the rows; of a generation none are. */
  children: readonly ChildTable[];
  target: StreamTarget;
  /** For metadata columns. */
  runId: string;
  sliceId: string;
  /** Where the keys of a whole read are remembered, quoted; null: they need not be. */
  seen: string | null;
}
