import type { StreamRef } from '../contracts/destination.port.js';
import { SluiceError } from '../errors/index.js';
import {
  findActiveRun,
  getInstallationId,
  inTransaction,
  lockSync,
  raiseEpoch,
  type Pool,
  type SyncRow,
  type Transaction,
} from '../store/index.js';

/** A lane of a sync in which no run is active. */
export interface QuietLane {
  sync: SyncRow;
  /** In which the sync is locked. */
  tx: Transaction;
  /** What is written for a stream by nobody's run. Its epoch is newer than that of every run so far. */
  ref: (stream: string) => StreamRef;
}

/**
 * Changes what a lane's runs work with while there is none: the sync is locked, so none can be started meanwhile. The epoch is raised before, in
 * a transaction of its own: at the destination it must never be ahead of ours. Errors: NOT_FOUND, RUN_ACTIVE.
 */
export async function inQuietLane<T>(
  pool: Pool,
  request: { workspaceId: string; syncId: string; lane: string },
  work: (lane: QuietLane) => Promise<T>,
): Promise<T> {
  const { syncId, lane } = request;
  const epoch = await inTransaction(pool, async (tx) => {
    await lockQuiet(tx, request);
    return raiseEpoch(tx, { syncId });
  });
  const installation = await getInstallationId(pool);
  return inTransaction(pool, async (tx) => {
    const sync = await lockQuiet(tx, request);
    return work({ sync, tx, ref: (stream) => ({ installation, syncId, stream, lane, runId: '', epoch }) });
  });
}

async function lockQuiet(
  tx: Transaction,
  { workspaceId, syncId, lane }: { workspaceId: string; syncId: string; lane: string },
): Promise<SyncRow> {
  const sync = await lockSync(tx, { workspaceId, id: syncId });
  if (sync === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such sync' });
  const active = await findActiveRun(tx, { syncId, lane });
  if (active !== null) throw new SluiceError('RUN_ACTIVE', { details: { run: active.id, sync: syncId, lane } });
  return sync;
}
