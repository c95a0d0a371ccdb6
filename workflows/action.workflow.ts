import { CancellationScope, isCancellation, proxyActivities, proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { ActionActivities, ActionWorkflowInput, ActionWorkflowResult } from '../libs/contracts/action-workflow.js';
import { toStepFailure } from './step-failure.js';

/** A try has a deadline of its own, at most two minutes; a dead worker is noticed by its missing heartbeat. */
const { performAction } = proxyActivities<Pick<ActionActivities, 'performAction'>>({
  startToCloseTimeout: '4m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
});

/** Retried until it works: a run whose end is not written would stay under way for ever. */
const { failAction } = proxyLocalActivities<Pick<ActionActivities, 'failAction'>>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
});

/** Calls one action. What was sent and what became of it lies in the effect ledger, so this workflow may die and be started again at any moment. */
export async function actionWorkflow({ runId }: ActionWorkflowInput): Promise<ActionWorkflowResult> {
  try {
    for (;;) {
      const step = await performAction({ runId });
      if (step.status === 'done') return { outcome: step.outcome };
      await sleep(Math.max(1, step.until - Date.now()));
    }
  } catch (thrown) {
    const error = isCancellation(thrown) ? ({ code: 'RUN_CANCELLED' } as const) : toStepFailure(thrown).error;
    const ended = await CancellationScope.nonCancellable(() => failAction({ runId, error }));
    return { outcome: ended.status === 'done' ? ended.outcome : 'outcome_unknown' };
  }
}
