import { CancellationScope, isCancellation, patched, sleep } from '@temporalio/workflow';
import type { SnapshotProgress, StepError, StreamProgress } from '../libs/contracts/workflows.js';
import { holdSnapshot } from './sync-activities.js';
import type { SyncRun } from './sync-run.js';
import { toStepFailure } from './step-failure.js';
import { backoffMs } from './sync.policy.js';

/**
 * Does `work` while the source's snapshot is held for the stream; one that is lost is followed by another. What ends `work` ends the holder. `released`: when
 * it has let go, which nothing but the end of the workflow has to wait for.
 */
export async function whileHeld(
  run: SyncRun,
  stream: StreamProgress,
  { work, fail }: { work: () => Promise<void>; fail: (error: StepError) => void },
): Promise<{ released: Promise<void> }> {
  const { snapshot } = stream;
  if (snapshot === undefined) {
    await work();
    return { released: Promise.resolve() };
  }
  const scope = new CancellationScope();
  let needed = true;
  const holding = scope
    .run(() => hold(run, stream, snapshot))
    .then(
      (error) => error && needed && fail(error),
      (error: unknown) => {
        if (!isCancellation(error) && needed) fail(toStepFailure(error, stream.name).error);
      },
    );
  try {
    await work();
    if (patched('finish-beside-release')) needed = false;
  } finally {
    scope.cancel();
    if (needed) await holding;
  }
  return { released: holding.then(() => undefined) };
}

/** Until it is cancelled, or the source gives none. What it returns fails the stream. */
async function hold(run: SyncRun, stream: StreamProgress, snapshot: SnapshotProgress): Promise<StepError | undefined> {
  const { failureBudget } = run.carry.settings;
  const scope = CancellationScope.current();
  while (stream.state === 'open' && !scope.consideredCancelled) {
    await run.controls.go();
    snapshot.holder += 1;
    const last = snapshot.failures >= failureBudget;
    try {
      const input = { runId: run.id, stream: stream.name, holder: snapshot.holder, last };
      const result = await run.controls.step(stream.name, 'hold', () => holdSnapshot(run.carry.settings, stream.name, input));
      if (result?.status === 'refused' || result?.status === 'complete') return undefined;
      if (result?.status === 'expired' && snapshot.bound) return { code: 'SNAPSHOT_EXPIRED', stream: stream.name };
      if (result?.status !== 'lost') continue;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = toStepFailure(error, stream.name);
      if (!failure.retryable || last) return snapshot.bound || !failure.lost ? failure.error : undefined;
      if (!failure.lost) await sleep(backoffMs(snapshot.failures + 1));
    }
    snapshot.failures += 1;
    if (last) return snapshot.bound ? { code: 'SNAPSHOT_LOST', stream: stream.name } : undefined;
  }
  return undefined;
}
