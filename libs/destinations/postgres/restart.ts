import type { StreamRef } from '../../contracts/destination.port.js';
import { staleRun } from '../stale-run.js';
import { terminateBackends } from './backends.js';
import type { Session } from './session.js';
import { lockOwnStream, readStream } from './stream-row.js';

/** See Destination.restart. No writer has the fence that its checkpoint has then, so none of before can commit; chunks of the ledger are counted on. The generation goes when the next one is prepared. Errors: STALE_RUN. */
export async function restartStream(
  session: Session,
  { ref, generation }: { ref: StreamRef; generation: number },
): Promise<void> {
  const what = `beginning the stream ${ref.stream} anew`;
  const before = await readStream(session, ref, { lock: false });
  if (before?.epoch !== ref.epoch || before.runId !== ref.runId) throw staleRun(ref);
  if (before.finishedRun === ref.runId || before.generation !== generation) return;
  await terminateBackends(session, { streamId: before.id, where: 'true', values: [] });
  await session.transaction(what, async () => {
    const row = await lockOwnStream(session, ref);
    if (row.finishedRun === ref.runId || !row.loading || row.generation !== generation) return;
    await session.query(
      what,
      `UPDATE sluice.checkpoint SET fence = -1, done = false, position = NULL, backends = '[]' WHERE stream_id = $1 AND run_id = $2`,
      [row.id, ref.runId],
    );
    await session.query(what, 'DELETE FROM sluice.quarantine WHERE stream_id = $1 AND run_id = $2', [row.id, ref.runId]);
    await session.query(what, 'UPDATE sluice.stream SET prepared_run = NULL WHERE id = $1', [row.id]);
  });
}
