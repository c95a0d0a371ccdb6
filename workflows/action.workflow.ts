import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  type LocalActivityOptions,
} from '@temporalio/workflow';
import type { ActionActivities, ActionWorkflowInput, ActionWorkflowResult } from '../libs/contracts/action-workflow.js';
import { toStepFailure } from './step-failure.js';

type Perform = ActionActivities['performAction'];

/** A try has a deadline of its own, at most two minutes. */
const ATTEMPT = { startToCloseTimeout: '4m' } as const;
const RETRY = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' } as const;
/** Retried until it works: a run whose end is not written would stay under way for ever. */
const END: LocalActivityOptions = { startToCloseTimeout: '2m', retry: RETRY };

const { failAction } = proxyLocalActivities<Pick<ActionActivities, 'failAction'>>(END);

/**
 * Local, so that a call costs Temporal its start and its end and nothing between: a try is made where its workflow's task is. That task is kept alive while
 * the try lasts; ten seconds after its worker died another one has it.
 */
const here = proxyLocalActivities<Pick<ActionActivities, 'performAction'>>({ ...ATTEMPT, retry: RETRY });

/** A dead worker is noticed by its missing heartbeat. */
const anywhere = proxyActivities<Pick<ActionActivities, 'performAction'>>({ ...ATTEMPT, heartbeatTimeout: '10s', retry: RETRY });

/** Calls one action. What was sent and what became of it lies in the effect ledger, so this workflow may die and be started again at any moment. */
export function localActionWorkflow(input: ActionWorkflowInput): Promise<ActionWorkflowResult> {
  return callAction(input, here.performAction);
}

/** As it was when tries were activities of their own: for runs that are under way since then. */
export function actionWorkflow(input: ActionWorkflowInput): Promise<ActionWorkflowResult> {
  return callAction(input, anywhere.performAction);
}

async function callAction({ runId }: ActionWorkflowInput, performAction: Perform): Promise<ActionWorkflowResult> {
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
