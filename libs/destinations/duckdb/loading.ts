import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Column } from '../../typing/index.js';

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
  target: StreamTarget;
  /** For metadata columns. */
  runId: string;
  sliceId: string;
  /** Where the keys of a whole read are remembered, quoted; null: they need not be. */
  seen: string | null;
}
