import { staleRun } from '../stale-run.js';
import type { Settle, StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { SluiceError } from '../../errors/index.js';
import { namesOf } from '../../typing/index.js';
import { terminateBackends } from './backends.js';
import { collapseBoundary } from './boundary-rows.js';
import { dropGenerations } from './generation.js';
import { publishChildren } from './children/publish-children.js';
import { readLayout } from './layout.js';
import { outboxSettings } from './outbox.js';
import { publishGeneration } from './publish-generation.js';
import { remembersKeys } from '../whole-read.js';
import { deleteMissing } from './seen-keys.js';
import type { Session, SessionTimeouts } from './session.js';
import { settleState } from './settle.js';
import { lockOwnStream, readStream } from './stream-row.js';

/** See Destination.finish: one transaction, so that nothing is ever visible in part. */
export async function finishStream(
  session: Session,
  timeouts: SessionTimeouts,
  { ref, target, settle }: { ref: StreamRef; target: StreamTarget; settle?: Settle },
): Promise<void> {
  const what = `finishing the stream ${ref.stream}`;
  const before = await readStream(session, ref, { lock: false });
  if (before?.epoch !== ref.epoch || before.runId !== ref.runId) throw staleRun(ref);
  if (before.finishedRun === ref.runId) return;
  if (before.preparedRun !== ref.runId)
    throw new SluiceError('INTERNAL', { detail: `the stream ${ref.stream} was not prepared in this run` });
  // Whoever still writes has nothing left to write.
  await terminateBackends(session, { streamId: before.id, where: 'NOT c.done', values: [] });
  const publish = async (): Promise<void> => {
    const row = await lockOwnStream(session, ref);
    if (row.finishedRun === ref.runId) return;
    const open = await session.query(
      what,
      'SELECT 1 FROM sluice.checkpoint WHERE stream_id = $1 AND run_id = $2 AND NOT done LIMIT 1',
      [row.id, ref.runId],
    );
    if (open.length > 0) throw new SluiceError('INTERNAL', { detail: `a slice of the stream ${ref.stream} is not complete` });
    // What is loaded anew is not told of: who asked for that knows, and a row that came back as it was has not changed.
    if (!row.reset)
      for (const setting of outboxSettings(target, { streamId: row.id, runId: ref.runId })) await session.query(what, setting);
    if (row.loading) {
      await publishGeneration(session, row, target);
      await session.query(what, 'INSERT INTO sluice.publication (stream_id, generation, replaced) VALUES ($1, $2, $3)', [
        row.id,
        row.generation,
        target.mode !== 'full_refresh_append' || row.reset,
      ]);
    }
    if (remembersKeys({ ref, target }, row)) {
      const key = namesOf((await readLayout(session, row)).columns, target).primaryKey;
      await deleteMissing(session, { target, streamId: row.id, runId: ref.runId, key });
    }
    await publishChildren(session, row, target);
    await dropGenerations(session, row.id, null);
    if (target.mode === 'incremental_append')
      for (const statement of collapseBoundary(row.id, ref.runId, target.cursorOrder)) await session.query(what, statement);
    if (settle) await settleState(session, row.id, row.state, settle);
    await session.query(what, 'DELETE FROM sluice.checkpoint WHERE stream_id = $1', [row.id]);
    await session.query(what, 'UPDATE sluice.stream SET finished_run = $2, loading = false, reset = false WHERE id = $1', [
      row.id,
      ref.runId,
    ]);
  };
  await session.transaction(what, publish, { statementMs: timeouts.publishMs });
}
