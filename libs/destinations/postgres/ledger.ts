import { literal } from './quote.js';

/** What the client knows of a chunk when it ends. */
export interface ChunkFacts {
  read: number;
  /** Lines that the server took: read = lines + deduplicated + quarantined. */
  lines: number;
  deduplicated: number;
  quarantined: number;
  /** Values left out of lines. */
  discarded: number;
  bytes: number;
  /** CRC-32 of the COPY text, hex. */
  digest: string;
}

/** Which row of the ledger. */
export interface LedgerKey {
  streamId: string;
  runId: string;
  sliceId: string;
  seq: number;
  fence: number;
  /** Where the rows went; null: into the table itself. */
  generation: number | null;
}

const COLUMNS =
  'stream_id, run_id, slice_id, seq, fence, generation, read, bytes, digest, quarantined, discarded, deduplicated, inserted, updated, unchanged, superseded';

/** The columns that no merge changes, as a list of literals in the order of COLUMNS. */
const known = (key: LedgerKey, chunk: ChunkFacts): string =>
  [
    ...[key.streamId, key.runId, key.sliceId, key.seq, key.fence, key.generation, chunk.read, chunk.bytes, chunk.digest],
    ...[chunk.quarantined, chunk.discarded],
  ]
    .map(literal)
    .join(', ');

/** The ledger row of plain inserts: every line became a row. */
export function insertLedger(key: LedgerKey, chunk: ChunkFacts): string {
  return `INSERT INTO sluice.chunk (${COLUMNS}) VALUES (${known(key, chunk)}, ${chunk.deduplicated}, ${chunk.lines}, 0, 0, 0)`;
}

/** The ledger row of a merge, from the row `counted(touched, inserted, keys, superseded)` of the statement that it ends. */
export function mergeLedger(key: LedgerKey, chunk: ChunkFacts): string {
  return `INSERT INTO sluice.chunk (${COLUMNS})
  SELECT ${known(key, chunk)}, ${chunk.deduplicated} + ${chunk.lines} - keys, inserted, touched - inserted,
    keys - touched - least(superseded, keys - touched), least(superseded, keys - touched) FROM counted`;
}

/** The same, from a row `counted(inserted, updated, unchanged, superseded, deleted, deduplicated)`. */
export function countedLedger(key: LedgerKey, chunk: ChunkFacts): string {
  return `INSERT INTO sluice.chunk (${COLUMNS}, deleted)
  SELECT ${known(key, chunk)}, ${chunk.deduplicated} + deduplicated, inserted, updated, unchanged, superseded, deleted FROM counted`;
}
