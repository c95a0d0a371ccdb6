import {
  ActivityCancellationType,
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  RESOLVED_SIGNAL,
  type FlowActivities,
  type FlowCarry,
  type FlowStepOutline,
  type FlowWorkflowInput,
  type FlowWorkflowResult,
} from '../libs/contracts/flow-workflow.js';
import type { StepError } from '../libs/contracts/workflows.js';
import { FlowCalls } from './flow-calls.js';
import { toStepFailure } from './step-failure.js';

/** Retried until it works: what a flow did must be written down, and its end too. Evaluating an expression has limits of its own. */
const { beginFlow, planStep, endStep, reportFlow, endFlow } = proxyLocalActivities<
  Pick<FlowActivities, 'beginFlow' | 'planStep' | 'endStep' | 'reportFlow' | 'endFlow'>
>({ startToCloseTimeout: '2m', retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' } });

/** As an action's: a try has a deadline of its own, and a dead worker is noticed by its missing heartbeat. */
const { callStep, undoStep } = proxyActivities<Pick<FlowActivities, 'callStep' | 'undoStep'>>({
  startToCloseTimeout: '4m',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
});

const resolved = defineSignal(RESOLVED_SIGNAL);

/**
 * Runs the steps of a flow. What was made lies in the store, so this workflow may die and be started again at any moment; inputs and answers never
 * come here.
 */
export async function flowWorkflow({ flowRunId, carry }: FlowWorkflowInput): Promise<FlowWorkflowResult> {
  try {
    const begun = await beginFlow({ flowRunId });
    if (begun.status === 'closed') return { outcome: begun.outcome };
    const { steps, continueAfterEvents: limit } = begun;
    const isLong = (): boolean => {
      const { historyLength, continueAsNewSuggested } = workflowInfo();
      return continueAsNewSuggested || (limit > 0 && historyLength > limit);
    };
    const calls = new FlowCalls({ isLong, report: (state) => reportFlow({ flowRunId, state }) });
    setHandler(resolved, () => calls.resolved());
    for (let index = carry?.step ?? 0; index < steps.length; index += 1) {
      const step = steps[index] as FlowStepOutline;
      const at = carry?.step === index ? carry : { step: index, item: 0, open: [] };
      if (isLong()) return await goOn(flowRunId, at);
      const made = await makeStep(calls, { flowRunId, step, at, total: steps.length });
      if (made.status === 'long') return await goOn(flowRunId, made.carry);
      if (made.status === 'succeeded' || step.onError === 'continue') continue;
      if (step.onError === 'compensate' && (await compensate(calls, flowRunId, steps.slice(0, index + 1))) === 'long')
        return await goOn(flowRunId, { step: index, item: 0, open: [] });
      return await endFlow({ flowRunId, outcome: 'failed' });
    }
    return await endFlow({ flowRunId, outcome: 'succeeded' });
  } catch (thrown) {
    if (thrown instanceof ContinueAsNew) throw thrown;
    if (isCancellation(thrown)) return CancellationScope.nonCancellable(() => endFlow({ flowRunId, outcome: 'cancelled' }));
    const { error }: { error: StepError } = toStepFailure(thrown);
    return CancellationScope.nonCancellable(() => endFlow({ flowRunId, outcome: 'failed', error }));
  }
}

type Made = { status: 'succeeded' | 'failed' } | { status: 'long'; carry: FlowCarry };

async function makeStep(
  calls: FlowCalls,
  { flowRunId, step, at, total }: { flowRunId: string; step: FlowStepOutline; at: FlowCarry; total: number },
): Promise<Made> {
  const { id } = step;
  const plan = await planStep({ flowRunId, step: id });
  if (plan.status !== 'ready') return { status: plan.status === 'closed' ? 'succeeded' : 'failed' };
  const { items } = plan;
  const left = await calls.each({
    ...{ items, at, parallel: step.parallel, stopOnFailure: step.onError !== 'continue' },
    name: `step ${at.step + 1} of ${total}: ${id}`,
    call: (item) =>
      callStep.executeWithOptions({ summary: items === 1 ? id : `${id} ${item + 1}/${items}` }, [{ flowRunId, step: id, item }]),
  });
  if (left !== null) return { status: 'long', carry: { step: at.step, ...left } };
  return endStep({ flowRunId, step: id });
}

/** Undoes what was made, the last first. What cannot be undone is written down, and the rest is undone all the same. */
async function compensate(calls: FlowCalls, flowRunId: string, steps: readonly FlowStepOutline[]): Promise<'done' | 'long'> {
  return CancellationScope.nonCancellable(async () => {
    await reportFlow({ flowRunId, state: 'compensating' });
    for (const { id } of steps.toReversed())
      if (
        (await calls.all(`undoing ${id}`, () =>
          undoStep.executeWithOptions({ summary: `undo ${id}` }, [{ flowRunId, step: id }]),
        )) === 'long'
      )
        return 'long';
    return 'done';
  });
}

const goOn = (flowRunId: string, carry: FlowCarry) => continueAsNew<typeof flowWorkflow>({ flowRunId, carry });
