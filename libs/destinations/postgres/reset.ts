import { staleRun } from '../stale-run.js';
import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { findLayout } from './layout.js';
import { terminateBackends } from './backends.js';
import type { Session } from './session.js';
import { readStream } from './stream-row.js';

/**
 * Forgets state, checkpoints and digests, and gives up tables other than the target. The next run loads a new generation beside the table,
 * whatever its mode: readers keep the old content until that run has finished. A run that has prepared the stream already prepares it again. Errors: STALE_RUN.
 */
export async function resetStream(session: Session, { ref, target }: { ref: StreamRef; target: StreamTarget }): Promise<void> {
  const what = `resetting the stream ${ref.stream}`;
  const before = await readStream(session, ref, { lock: false });
  if (!before) return;
  if (before.epoch > ref.epoch) throw staleRun(ref);
  if (before.finishedRun === ref.runId) return;
  await terminateBackends(session, { streamId: before.id, where: 'true', values: [] });
  await session.transaction(what, async () => {
    const row = await readStream(session, ref, { lock: true });
    if (!row) return;
    if (row.epoch > ref.epoch) throw staleRun(ref);
    await session.query(what, `SELECT pg_catalog.set_config('sluice.state_origin', 'reset', true)`);
    // The epoch too: a writer of an earlier run must not bring back what is forgotten here.
    await session.query(
      what,
      `UPDATE sluice.stream SET epoch = greatest(epoch, $2), run_id = CASE WHEN epoch < $2 THEN $3 ELSE run_id END,
         prepared_run = NULL, state = NULL, state_version = state_version + 1, reset = true WHERE id = $1`,
      [row.id, ref.epoch, ref.runId],
    );
    for (const table of ['checkpoint', 'boundary', 'boundary_hit'])
      await session.query(what, `DELETE FROM sluice.${table} WHERE stream_id = $1`, [row.id]);
    const children = (await findLayout(session, row))?.children ?? [];
    const kept = children.filter(({ field }) => target.childTables?.includes(field));
    await session.query(
      what,
      `DELETE FROM sluice.table_owner WHERE installation = $1 AND sync_id = $2 AND stream = $3 AND NOT (schema_name = $4 AND table_name = ANY($5::text[]))`,
      [ref.installation, ref.syncId, ref.stream, target.namespace, [target.table, ...kept.map(({ table }) => table)]],
    );
  });
}
