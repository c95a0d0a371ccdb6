import type { StreamRef } from '../../contracts/destination.port.js';
import { terminateBackends } from './backends.js';
import type { Session } from './session.js';
import { readStream } from './stream-row.js';

/** Refuses every writer below `ref.epoch`, and ends those that are there: nobody may come back to ask. A stream that does not exist is none. */
export async function fenceStream(session: Session, ref: StreamRef): Promise<void> {
  const what = `fencing the stream ${ref.stream}`;
  const id = await session.transaction(what, async () => {
    const row = await readStream(session, ref, { lock: true });
    if (!row || row.epoch >= ref.epoch) return null;
    await session.query(what, 'UPDATE sluice.stream SET epoch = $2 WHERE id = $1', [row.id, ref.epoch]);
    return row.id;
  });
  if (id !== null) await terminateBackends(session, { streamId: id, where: 'true', values: [] });
}
