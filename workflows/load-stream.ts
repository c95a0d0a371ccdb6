import { isCancellation, sleep } from '@temporalio/workflow';
import type { MoveChunksResult, MoverProgress, StepError, StreamProgress } from '../libs/contracts/workflows.js';
import { finishStream, moveChunks } from './sync-activities.js';
import { whileHeld } from './hold-snapshot.js';
import type { SyncRun } from './sync-run.js';
import { afterFailure, afterWindow, HELD_WAIT_MS, isHeld, reopened, withThousands } from './sync.policy.js';
import { toStepFailure } from './step-failure.js';

/** Moves a stream's slices with its movers and makes it visible. Ends finished, failed, or open when the run goes on in a new history. */
export async function loadStream(run: SyncRun, stream: StreamProgress): Promise<void> {
  try {
    while (stream.state === 'open') {
      const movers = stream.movers.filter((mover) => !mover.done);
      const { released } = await whileHeld(run, stream, {
        work: () => allOf(movers.map((mover) => moveSlices(run, stream, mover))),
        fail: (error) => fail(run, stream, error),
      });
      const leaves = run.leaving && stream.movers.some((mover) => !mover.done);
      try {
        if (!leaves && stream.state === 'open') await finish(run, stream);
      } finally {
        await released;
      }
      if (leaves) return;
    }
  } catch (error) {
    if (isCancellation(error)) throw error;
    fail(run, stream, toStepFailure(error, stream.name).error);
  } finally {
    run.show();
  }
}

async function moveSlices(run: SyncRun, stream: StreamProgress, mover: MoverProgress): Promise<void> {
  while (!mover.done && stream.state === 'open') {
    await run.controls.go();
    if (run.leaving) return run.controls.interruptWaits();
    mover.attempt += 1;
    const waitMs = await moveWindow(run, stream, mover);
    if (waitMs > 0) await run.controls.step(stream.name, 'wait', () => sleep(waitMs));
    run.setWait(mover, undefined);
  }
}

/** One window; returns how long to wait before the next, in milliseconds. */
async function moveWindow(run: SyncRun, stream: StreamProgress, mover: MoverProgress): Promise<number> {
  const { carry, controls } = run;
  const input = {
    runId: run.id,
    stream: stream.name,
    mover: mover.id,
    attempt: mover.attempt,
    windowMs: carry.settings.windowMs,
    failures: mover.failures,
  };
  const summary = `${stream.name}, ${withThousands(stream.rows)} rows`;
  let result: MoveChunksResult | undefined;
  try {
    result = await controls.step(stream.name, 'work', () => moveChunks(carry.settings, summary, input));
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = toStepFailure(error, stream.name);
    const verdict = afterFailure(mover, failure, carry.settings);
    if (verdict.kind === 'retry') return verdict.delayMs;
    fail(run, stream, failure.error);
    return 0;
  }
  if (result === undefined) return 0;
  stream.rows = Math.max(stream.rows, result.rows ?? 0);
  run.show();
  if (afterWindow(carry, mover, result) === 'no_progress') {
    fail(run, stream, { code: 'NO_PROGRESS', stream: stream.name });
    return 0;
  }
  if (result.status !== 'throttled' || result.until === undefined) return 0;
  run.setWait(mover, result.until);
  return Math.max(1, result.until - Date.now());
}

async function finish(run: SyncRun, stream: StreamProgress): Promise<void> {
  await run.controls.go();
  const finished = await finishStream({ runId: run.id, stream: stream.name }).catch((error: unknown) => {
    if (isCancellation(error) || !isHeld(toStepFailure(error))) throw error;
  });
  if (finished === undefined) {
    await run.controls.step(stream.name, 'wait', () => sleep(HELD_WAIT_MS));
    return;
  }
  const { status, rows, movers = 1 } = finished;
  stream.rows = Math.max(stream.rows, rows);
  if (status === 'finished') stream.state = 'finished';
  else stream.movers = reopened(stream.movers, movers);
}

/** The stream will not be loaded by this run; its other movers stop. Other streams go on: what they load is kept. */
function fail(run: SyncRun, stream: StreamProgress, error: StepError): void {
  if (stream.state === 'failed') return;
  stream.state = 'failed';
  stream.error = error;
  run.controls.interruptStream(stream.name);
}

/** Waits for all, then throws what the first one threw. */
export async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
