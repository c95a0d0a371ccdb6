import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import { SluiceError } from '../../libs/errors/index.js';
import type { RunScope } from '../../libs/runs/run-scope.js';
import { getLastBegunVersion, listActiveRunsOfSync, listVersionResets, raiseEpoch, type Db } from '../../libs/store/index.js';

const LIVE = 'live';

/**
 * What the run's request asks for, and what changes of the sync since the live lane's last run make necessary. A backfill resets nothing, and
 * goes nowhere where the live lane still has to. Errors: BACKFILL_BLOCKED.
 */
export async function streamsToReset(db: Db, { run, spec }: RunScope): Promise<Set<string>> {
  const afterVersion = await getLastBegunVersion(db, { syncId: run.syncId, lane: LIVE, beforeSeq: run.seq });
  const changed = await listVersionResets(db, { syncId: run.syncId, afterVersion, upToVersion: run.syncVersion });
  if (run.lane === LIVE) return new Set([...run.resets, ...changed]);
  const [stream] = afterVersion === 0 ? [] : changed.filter((name) => spec.streams.some((loaded) => loaded.name === name));
  if (stream !== undefined)
    throw new SluiceError('BACKFILL_BLOCKED', {
      detail: `the sync was changed, and its next run loads the stream ${stream} anew`,
      details: { stream },
    });
  return new Set();
}

/**
 * What a backfill merges into a table that is about to be replaced would be lost: those under way are refused from now on. After the reset: one that
 * begins later finds it.
 */
export async function endBackfills(db: Db, destination: Destination, ref: StreamRef): Promise<void> {
  for (const { id, lane, streams } of await listActiveRunsOfSync(db, { syncId: ref.syncId })) {
    if (lane === LIVE || streams?.includes(ref.stream) === false) continue;
    const epoch = await raiseEpoch(db, { syncId: ref.syncId });
    await destination.fence({ ref: { ...ref, lane, runId: id, epoch } });
  }
}
