import type { RecordPage } from './source.port.js';
import type { StreamRef, StreamTarget } from './stream-ref.js';
import type { StateKey } from './stream-states.port.js';

/** What may be wrong with a stream's table. The first eight are about the stream, the others name rows. */
export const FINDING_KINDS = [
  'row_count', // the table has other rows than the ledger says that it was given
  'ledger', // a checkpoint and the ledger disagree
  'checkpoint', // a checkpoint that no run will come back to
  'generation', // a generation that no run loads
  'layout', // the table has not the columns that the stream is loaded into
  'owner', // the table is not this stream's
  'index', // an upsert's key has no unique index
  'children', // a child table is not what the lists of its parents say
  'null_key', // a row whose key has a null
  'duplicate', // more rows than there should be with one key, or of one content
  'missing', // a record of the source without a row
  'extra', // a row without a record at the source
  'differing', // a row that is not what the source has
  'digest', // a row that is not what its digest was made of
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding {
  kind: FindingKind;
  /** Of the row: its key's fields, as PostgreSQL writes them. null: about the stream, or a row without a key. */
  key: Readonly<Record<string, string | null>> | null;
  /** Columns that differ. */
  columns: readonly string[];
  /** In words, without the row's values. */
  detail: string | null;
  /** Of a repair; null: none was asked for, or there is nothing to be repaired in it. */
  outcome: 'repaired' | 'left' | null;
}

export type FindingCounts = Partial<Record<FindingKind, number>>;

/** What a look at the destination found. */
export interface Inspection {
  rows: number;
  counts: FindingCounts;
  /** The first of each kind. */
  findings: readonly Finding[];
}

/** The source's records beside the table. One caller, one call at a time. Errors are the destination's. */
export interface SourceCopy {
  /** Adds records, in the order of reading. */
  write(page: RecordPage): Promise<void>;
  /** Forgets what was written after so many records: that slice is read again. */
  forgetAfter(records: number): Promise<void>;
  readonly records: number;
  /**
   * Compares; after it nothing is written any more. `repairing`: who will repair what is found, from now on the only one who may write. Errors: STALE_RUN.
   */
  compare(request: { repairing: StreamRef | null }): Promise<{ rows: number; counts: FindingCounts; notes: readonly string[] }>;
  /**
   * Loads what is missing or differs by the merge of the mode, in one transaction with its row in the ledger: a second writer of the same repair is
   * refused. Rows that are newer by cursor stay. Returns how many are now what the source has. Errors: STALE_RUN, DESTINATION_CONSTRAINT (another one was
   * quicker).
   */
  repair(): Promise<number>;
  /** What was found, a batch at a time, with what became of it. */
  findings(): AsyncIterable<readonly Finding[]>;
  /** Frees the copy. */
  close(): Promise<void>;
}

/** Looks whether tables are what they should be. */
export interface Verifier {
  /**
   * Ledger, checkpoints, layout and table, as of one moment. `active`: a run of the lane is under way, so that its leftovers are none. `copied`: the
   * source's records are compared too, which tells more of single rows. null: the stream was never loaded.
   */
  inspect(request: {
    key: StateKey;
    target: StreamTarget;
    active: boolean;
    copied: boolean;
    limit: number;
  }): Promise<Inspection | null>;
  /** An empty copy. Errors: those of connecting, DESTINATION_UNSUPPORTED for a mode whose tables it does not compare. */
  copy(request: { key: StateKey; target: StreamTarget }): Promise<SourceCopy>;
}
