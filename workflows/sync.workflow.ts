import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  defineQuery,
  isCancellation,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import {
  PROGRESS_QUERY,
  type BeginRunResult,
  type StepError,
  type StreamProgress,
  type SyncCarry,
  type SyncWorkflowInput,
  type SyncWorkflowResult,
} from '../libs/contracts/workflows.js';
import { allOf, loadStream } from './load-stream.js';
import { toStepFailure, toWorkflowFailure } from './step-failure.js';
import { beginRun, endRun } from './sync-activities.js';
import { SyncControls } from './sync-controls.js';
import { showStatus, SyncRun } from './sync-run.js';
import { freshCarry, HELD_WAIT_MS, isHeld, runError } from './sync.policy.js';

/** More streams at once would only make each slower. */
const STREAMS_AT_ONCE = 4;

type Ending =
  | { outcome: 'succeeded' | 'cancelled' | 'closed' }
  | { outcome: 'failed'; error: StepError }
  | { outcome: 'continued'; carry: SyncCarry };

/** One run of a sync: prepare, move the slices of each stream, make each visible, close. It knows ids, names and counts only. */
export async function syncWorkflow(input: SyncWorkflowInput): Promise<SyncWorkflowResult> {
  const controls = new SyncControls(input.carry?.paused ?? false);
  const ending = await work(input, controls);
  // Not cancellable: a cancelled run has to be closed too.
  return CancellationScope.nonCancellable(() => close(input.runId, controls, ending));
}

async function work({ runId, carry }: SyncWorkflowInput, controls: SyncControls): Promise<Ending> {
  let run: SyncRun | undefined;
  setHandler(defineQuery<readonly StreamProgress[]>(PROGRESS_QUERY), () => run?.carry.streams ?? []);
  try {
    if (carry === undefined) {
      const begun = await begin(runId);
      if (begun.status === 'closed') return { outcome: 'closed' };
      carry = freshCarry(begun.settings, begun.streams);
    }
    run = new SyncRun(runId, carry, controls);
    run.startReporting();
    await loadStreams(run);
    if (carry.streams.some((stream) => stream.state === 'open')) return { outcome: 'continued', carry };
    const error = runError(carry);
    return error === undefined ? { outcome: 'succeeded' } : { outcome: 'failed', error };
  } catch (error) {
    return isCancellation(error) ? { outcome: 'cancelled' } : { outcome: 'failed', error: toStepFailure(error).error };
  } finally {
    await run?.stopReporting();
  }
}

/** A destination that another process has is waited for, as it is later by movers. */
async function begin(runId: string): Promise<BeginRunResult> {
  for (;;)
    try {
      return await beginRun({ runId });
    } catch (error) {
      if (isCancellation(error) || !isHeld(toStepFailure(error))) throw error;
      await sleep(HELD_WAIT_MS);
    }
}

/** A stream that fails for good does not take the others with it: what they load stays, and the run fails when they are done. */
async function loadStreams(run: SyncRun): Promise<void> {
  const waiting = run.carry.streams.filter((stream) => stream.state === 'open');
  const lane = async () => {
    for (let stream = waiting.shift(); stream !== undefined; stream = waiting.shift()) await loadStream(run, stream);
  };
  await allOf(Array.from({ length: STREAMS_AT_ONCE }, lane));
}

async function close(runId: string, controls: SyncControls, ending: Ending): Promise<SyncWorkflowResult> {
  if (ending.outcome === 'continued') {
    await condition(allHandlersFinished);
    return continueAsNew<typeof syncWorkflow>({ runId, carry: { ...ending.carry, paused: controls.paused } });
  }
  controls.end();
  if (ending.outcome !== 'closed') {
    showStatus(ending.outcome);
    await endRun({ runId, outcome: ending.outcome, ...(ending.outcome === 'failed' ? { error: ending.error } : {}) });
  }
  await condition(allHandlersFinished);
  switch (ending.outcome) {
    case 'succeeded':
    case 'closed':
      return { outcome: ending.outcome };
    case 'cancelled':
      throw new CancelledFailure('the run was cancelled');
    case 'failed':
      throw toWorkflowFailure(ending);
  }
}
