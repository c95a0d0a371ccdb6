import type { Counts, StreamRef } from '../../contracts/destination.port.js';
import type { Session } from './session.js';
import { readStream } from './stream-row.js';

const NAMES = [
  'read',
  'inserted',
  'updated',
  'unchanged',
  'superseded',
  'deduplicated',
  'deleted',
  'filtered',
  'quarantined',
  'discarded',
  'removed',
  'bytes',
] as const;

/** Sums of the ledger for the run of `ref`, without a generation that the run gave up. Uses the ledger's primary key. */
export async function inspectStream(session: Session, ref: StreamRef): Promise<Counts> {
  const stream = await readStream(session, ref, { lock: false });
  const sums = NAMES.map((name) => `coalesce(sum(${name}), 0)::float8 AS ${name}`).join(', ');
  const [counts] = await session.query<Counts & Record<string, number>>(
    'reading the ledger',
    `SELECT ${sums}, count(*)::float8 AS chunks FROM sluice.chunk
     WHERE stream_id = $1 AND run_id = $2 AND (generation IS NULL OR generation = (
       SELECT max(generation) FROM sluice.chunk WHERE stream_id = $1 AND run_id = $2))`,
    [stream?.id ?? null, ref.runId],
  );
  return counts as Counts;
}
