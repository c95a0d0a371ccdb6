import type { ConnectionOpener } from '../contracts/connection-opener.port.js';
import { errorEntry } from '../errors/index.js';
import {
  appendRunLog,
  inTransaction,
  listRunStreams,
  raiseEpoch,
  setRunStreamState,
  transitionRun,
  type Pool,
  type RunRow,
} from '../store/index.js';
import type { SecretBox } from '../secrets/index.js';
import { failRun } from './fail-run.js';
import { loadRunScope, openRunDestination, streamRef } from './run-scope.js';

/**
 * Closes a run that has no workflow any more and makes what may still be writing for it harmless: the sync's epoch is raised in the same
 * transaction, and told to the destination. Returns false when the run had ended meanwhile.
 */
export async function closeLostRun(
  { pool, opener, secrets }: { pool: Pool; opener: ConnectionOpener; secrets: SecretBox },
  run: RunRow,
  as: 'lost' | 'cancelled',
): Promise<boolean> {
  const epoch = await inTransaction(pool, async (tx) => {
    const closed =
      as === 'cancelled'
        ? await transitionRun(tx, { id: run.id, to: 'cancelled' })
        : await failRun(tx, secrets, { id: run.id, error: { code: 'RUN_LOST' } });
    return closed === null ? null : raiseEpoch(tx, { syncId: run.syncId });
  });
  if (epoch === null) return false;
  const { title, next } = errorEntry('RUN_LOST');
  const words = as === 'lost' ? `${title}. ${next}` : 'the run was cancelled';
  const entry = { runId: run.id, level: as === 'lost' ? ('error' as const) : ('info' as const) };
  await appendRunLog(pool, { ...entry, code: as === 'lost' ? 'RUN_LOST' : 'run.cancelled', message: words });
  // A destination that is away learns of the epoch when the next run prepares its tables, before that run writes.
  await fenceOff({ pool, opener }, run, epoch).catch(() => undefined);
  return true;
}

async function fenceOff({ pool, opener }: { pool: Pool; opener: ConnectionOpener }, run: RunRow, epoch: number): Promise<void> {
  const scope = await loadRunScope(pool, run.id);
  const streams = await listRunStreams(pool, { runId: run.id });
  for (const { stream, state } of streams)
    if (state !== 'finished') await setRunStreamState(pool, { runId: run.id, stream, state: 'failed' });
  if (scope === null || streams.length === 0) return;
  const destination = await openRunDestination(opener, scope);
  try {
    for (const { stream } of streams) await destination.fence({ ref: { ...streamRef(scope, stream), epoch } });
  } finally {
    await destination.close();
  }
}
