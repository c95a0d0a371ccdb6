import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import type { FinishStreamResult } from '../../libs/contracts/workflows.js';
import { SluiceError } from '../../libs/errors/index.js';
import { loadRunScope, openRunDestination, openRunSource, pinnedCatalog, streamScope } from '../../libs/runs/run-scope.js';
import {
  appendRunLog,
  countSlices,
  firstSliceError,
  getRunStream,
  setRunStreamState,
  type Pool,
} from '../../libs/store/index.js';
import { refreshCounts } from './refresh-counts.js';
import { refreshStatistics } from './refresh-statistics.js';
import { settling } from './settling.js';
import { openStreamPlan, planMore } from './stream-plan.js';

/** Makes the stream visible when every slice is complete; says `open` when one is not. Idempotent. */
export async function finishStream(
  { pool, opener }: { pool: Pool; opener: ConnectionOpener },
  runId: string,
  stream: string,
): Promise<FinishStreamResult> {
  const scope = await loadRunScope(pool, runId);
  const catalog = scope === null ? null : await pinnedCatalog(pool, scope);
  const plan = await getRunStream(pool, { runId, stream });
  if (scope === null || catalog === null || plan === null)
    throw new SluiceError('NOT_FOUND', { detail: 'the run was not begun', details: { run: runId } });
  const { ref, target, descriptor } = streamScope(scope, catalog, stream);
  const destination = await openRunDestination(opener, scope);
  try {
    const slices = await countSlices(pool, { runId, stream });
    // Behind what an earlier run left nothing may be planned before it is complete.
    if (slices.failed > 0 && slices.pending + slices.claimed === 0 && (plan.planComplete || plan.planNow === null))
      throw await failureOf(pool, { runId, stream }, slices.failed);
    if (!plan.planComplete || slices.pending + slices.claimed > 0) {
      const { source } = await openRunSource(pool, opener, scope);
      try {
        const leftByEarlierRun = plan.planNow === null && slices.pending + slices.claimed === 0;
        const { movers } = leftByEarlierRun
          ? await openStreamPlan({ pool, source, destination }, { ref, target, descriptor })
          : await planMore({ pool, source }, { ref, target });
        return { status: 'open', movers, rows: (await refreshCounts(pool, destination, ref)).read };
      } finally {
        await source.close();
      }
    }
    const { source } = await openRunSource(pool, opener, scope);
    try {
      await destination.finish({ ref, target, settle: settling(source, { stream, target, plannedAt: plan.planNow }) });
    } finally {
      await source.close();
    }
    const counts = await refreshCounts(pool, destination, ref);
    await refreshStatistics({ pool, destination }, { ref, target });
    await setRunStreamState(pool, { runId, stream, state: 'finished' });
    await appendRunLog(pool, {
      runId,
      level: 'info',
      code: 'stream.finished',
      stream,
      message: `${stream}: ${counts.read} records read`,
      details: { ...counts },
    });
    if (target.deletes?.missing !== undefined && counts.quarantined > 0)
      await appendRunLog(pool, {
        runId,
        level: 'warn',
        code: 'stream.missing_kept',
        stream,
        message: `${stream}: rows that are missing at the source were kept, since ${counts.quarantined} records were quarantined: theirs might be among them`,
      });
    return { status: 'finished', rows: counts.read };
  } finally {
    await destination.close();
  }
}

/** What the first slice failed with, and how many did. */
async function failureOf(pool: Pool, key: { runId: string; stream: string }, failedSlices: number): Promise<SluiceError> {
  const error = await firstSliceError(pool, key);
  if (error === null) return new SluiceError('INTERNAL', { detail: `stream ${key.stream}: a slice failed without an error` });
  return new SluiceError(error.code, {
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    details: { ...error.details, failed_slices: failedSlices },
  });
}
