import { scheduleEventType } from '../../contracts/flow-events.js';
import type { FireFlowInput } from '../../contracts/flow-activities.schema.js';
import type { ScheduledFlowWorkflowResult } from '../../contracts/flow-workflow.js';
import { storeEvent } from '../../events/index.js';
import { getFlow } from '../../store/index.js';
import type { FlowPorts } from './flow-ports.js';

/** A time of a flow's schedule is an event, once for each time; the subscription of its current version gets it. */
export async function fireFlow(
  { pool, secrets }: Pick<FlowPorts, 'pool' | 'secrets'>,
  { flowId, scheduledFor }: FireFlowInput,
): Promise<ScheduledFlowWorkflowResult> {
  const flow = await getFlow(pool, { id: flowId });
  if (flow === null || flow.schedule === null) return { outcome: 'gone' };
  const time = new Date(scheduledFor);
  await storeEvent(pool, secrets, {
    ...{ workspaceId: flow.workspaceId, connectionId: null, kind: 'schedule', type: scheduleEventType(flowId) },
    dedupeKey: `${flowId} ${time.toISOString()}`,
    occurredAt: time,
    body: JSON.stringify({ scheduled_for: time.toISOString() }),
  });
  return { outcome: 'stored' };
}
