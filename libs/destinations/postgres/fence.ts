import type { StreamRef } from '../../contracts/destination.port.js';
import { terminateBackends } from './backends.js';
import type { Session } from './session.js';
import { readStream } from './stream-row.js';

/** Refuses every writer below `ref.epoch`, and ends those that are there: nobody may come back to ask. A stream that does not exist is none. */
export async function fenceStream(session: Session, ref: StreamRef): Promise<void> {
  const what = `fencing the stream ${ref.stream}`;
  const known = await readStream(session, ref, { lock: false });
  if (!known || known.epoch >= ref.epoch) return;
  const writers = { streamId: known.id, where: 'c.run_id = $2', values: [known.runId] };
  await terminateBackends(session, writers); // so that a long merge is not waited for
  const raised = await session.transaction(what, async () => {
    const row = await readStream(session, ref, { lock: true });
    if (!row || row.epoch >= ref.epoch) return false;
    await session.query(what, 'UPDATE sluice.stream SET epoch = $2 WHERE id = $1', [row.id, ref.epoch]);
    return true;
  });
  if (raised) await terminateBackends(session, writers);
}
