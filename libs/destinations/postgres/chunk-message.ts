import type { StreamState } from '../../contracts/stream.js';
import type { Reject } from './encoder.js';
import { stringifyJson } from '../../json/index.js';
import type { LedgerKey } from './ledger.js';
import { jsonLiteral, literal } from './quote.js';
import type { Position } from '../../contracts/stream.js';

/** One writer's place in the destination: what all its transactions name. */
export interface WriterKey extends Omit<LedgerKey, 'seq'> {
  epoch: number;
  schemaVersion: number;
  partition: string;
}

const slice = (key: WriterKey): string => [key.streamId, key.runId, key.sliceId, key.fence].map(literal).join(', ');

/** Locks the stream against a newer run, DDL and finish, and refuses this writer if one was there. */
export const assertStream = (key: WriterKey): string =>
  `SELECT sluice.assert_stream(${literal(key.streamId)}, ${key.epoch}, ${key.schemaVersion})`;

/** Moves the checkpoint on, or refuses this writer. */
export const advance = (key: WriterKey, seq: number, position: Position | null): string =>
  `SELECT sluice.advance(${slice(key)}, ${seq}, ${position === null ? 'NULL' : jsonLiteral(position)})`;

export const completeSlice = (key: WriterKey, position: Position | null): string =>
  `SELECT sluice.complete_slice(${slice(key)}, ${position === null ? 'NULL' : jsonLiteral(position)})`;

/** Compare-and-set of the stream's state. */
export const setState = (key: WriterKey, version: string, state: StreamState): string =>
  `SELECT sluice.set_state(${literal(key.streamId)}, ${literal(version)}, ${state === null ? 'NULL' : jsonLiteral(state)})`;

/** Rejected records, as they came. */
export function quarantine(key: WriterKey, seq: number, rejects: readonly Reject[]): string[] {
  if (rejects.length === 0) return [];
  const rows = rejects.map(
    ({ record, reason, field }) =>
      `(${[key.streamId, key.runId, key.sliceId, seq, reason, field, stringifyJson(record)].map(literal).join(', ')})`,
  );
  return [`INSERT INTO sluice.quarantine (stream_id, run_id, slice_id, seq, reason, field, record) VALUES ${rows.join(', ')}`];
}
