import type { CompletedSlice, Settle } from '../../contracts/destination.port.js';
import type { Position, Slice, StreamState } from '../../contracts/stream.js';
import type { Session } from './session.js';
import { setState } from './set-state.js';

/** Held in memory at a time. */
const SLICES_PER_READ = 5_000;

/** Brings a stream's state up to the slices of partitions that are complete. In the caller's transaction, so no slice completes meanwhile. */
export async function settleState(session: Session, id: string, state: StreamState, settle: Settle): Promise<StreamState> {
  const next = await settle(state, completedSlices(session, id));
  await setState(session, id, next);
  return next;
}

async function* completedSlices(session: Session, id: string): AsyncGenerator<CompletedSlice> {
  let [slice, run] = ['', ''];
  for (;;) {
    const rows = await session.query<{ id: string; run: string; spec: string; partition: string; position: string | null }>(
      'reading the completed slices',
      `SELECT slice_id AS id, run_id AS run, spec, "partition", position FROM sluice.checkpoint
       WHERE stream_id = $1::BIGINT AND (slice_id > $2 OR (slice_id = $2 AND run_id > $3)) AND done AND "partition" <> ''
       ORDER BY slice_id, run_id LIMIT ${SLICES_PER_READ}`,
      [id, slice, run],
    );
    for (const row of rows)
      yield {
        slice: { id: row.id, spec: JSON.parse(row.spec) as Slice['spec'], partition: row.partition },
        position: row.position === null ? null : (JSON.parse(row.position) as Position),
      };
    const last = rows.at(-1);
    if (last === undefined || rows.length < SLICES_PER_READ) return;
    [slice, run] = [last.id, last.run];
  }
}
