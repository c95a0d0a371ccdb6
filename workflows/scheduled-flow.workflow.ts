import { proxyLocalActivities } from '@temporalio/workflow';
import type { FlowActivities, ScheduledFlowWorkflowInput, ScheduledFlowWorkflowResult } from '../libs/contracts/flow-workflow.js';
import { scheduledTime } from './scheduled-time.js';

/** Retried until it works: a run is late rather than lost when our store is away. */
const { fireFlow } = proxyLocalActivities<Pick<FlowActivities, 'fireFlow'>>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Makes the time of a flow's schedule an event; the event's delivery runs the flow. */
export async function scheduledFlowWorkflow({ flowId }: ScheduledFlowWorkflowInput): Promise<ScheduledFlowWorkflowResult> {
  return fireFlow({ flowId, scheduledFor: scheduledTime() });
}
