import type { SyncRef } from '../../contracts/destination.port.js';
import { terminateBackends } from './backends.js';
import type { Session } from './session.js';

/**
 * Gives up a deleted sync's tables, which stay with their rows, and what was remembered to go on reading. The stream rows stay, with the epoch
 * raised (under FOR UPDATE, which waits for chunks that are being committed): a writer that comes back is still refused. So does the ledger.
 */
export async function releaseSync(session: Session, { installation, syncId, epoch }: SyncRef): Promise<void> {
  const what = 'releasing the tables of a sync';
  const ids = await session.transaction(what, async () => {
    await session.query(what, `SELECT pg_catalog.set_config('sluice.state_origin', 'reset', true)`);
    const streams = await session.query<{ id: string }>(
      what,
      `UPDATE sluice.stream SET epoch = greatest(epoch, $3), prepared_run = NULL, state = NULL, state_version = state_version + 1, reset = true
       WHERE id IN (SELECT id FROM sluice.stream WHERE installation = $1 AND sync_id = $2 FOR UPDATE) RETURNING id`,
      [installation, syncId, epoch],
    );
    const released = streams.map(({ id }) => id);
    for (const table of ['boundary', 'boundary_hit', 'outbox'])
      await session.query(what, `DELETE FROM sluice.${table} WHERE stream_id = ANY($1::bigint[])`, [released]);
    await session.query(what, 'DELETE FROM sluice.table_owner WHERE installation = $1 AND sync_id = $2', [installation, syncId]);
    return released;
  });
  // After the commit: whoever was ended can no longer come back.
  for (const streamId of ids) await terminateBackends(session, { streamId, where: 'true', values: [] });
}
