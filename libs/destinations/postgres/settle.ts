import type { CompletedSlice, Settle } from '../../contracts/destination.port.js';
import type { StreamState } from '../../contracts/stream.js';
import { jsonLiteral } from './quote.js';
import type { Session } from './session.js';

/** Held in memory at a time. */
const SLICES_PER_READ = 5_000;

/**
 * Brings a stream's state up to the slices of partitions that are complete: their checkpoints are the log, the state is what it amounts to. In the
 * transaction that holds the stream's row FOR UPDATE, so no slice completes meanwhile. Slices of earlier runs count too.
 */
export async function settleState(session: Session, streamId: string, state: StreamState, settle: Settle): Promise<StreamState> {
  const next = await settle(state, completedSlices(session, streamId));
  await session.query(
    'settling the state',
    `UPDATE sluice.stream SET state = ${next === null ? 'NULL' : jsonLiteral(next)}, state_version = state_version + 1 WHERE id = $1`,
    [streamId],
  );
  return next;
}

/** In the order of the checkpoint's primary key, which it reads along. */
async function* completedSlices(session: Session, streamId: string): AsyncGenerator<CompletedSlice> {
  let [slice, run] = ['', ''];
  for (;;) {
    const rows = await session.query<CompletedSlice['slice'] & { run: string; position: CompletedSlice['position'] }>(
      'reading the completed slices',
      `SELECT slice_id AS id, run_id AS run, spec, partition, position FROM sluice.checkpoint
       WHERE stream_id = $1 AND (slice_id, run_id) > ($2, $3) AND done AND partition <> '' ORDER BY slice_id, run_id LIMIT ${SLICES_PER_READ}`,
      [streamId, slice, run],
    );
    for (const { id, spec, partition, position } of rows) yield { slice: { id, spec, partition }, position };
    const last = rows.at(-1);
    if (last === undefined || rows.length < SLICES_PER_READ) return;
    [slice, run] = [last.id, last.run];
  }
}
