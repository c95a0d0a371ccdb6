import { createHash } from 'node:crypto';
import { flowWorkflowId } from '../../contracts/flow-workflow.js';
import { SluiceError } from '../../errors/index.js';
import { openBody } from '../../events/index.js';
import { parseJson } from '../../json/index.js';
import { getDelivery, getEvent, getFlowVersion, reserveFlowRun, type FlowRunRow } from '../../store/index.js';
import type { FlowPorts } from './flow-ports.js';
import { sealValue } from './sealed-flow.js';

/** The run of an event's delivery, whose id is the same; made when its workflow begins. Errors: NOT_FOUND. */
export async function runOfDelivery({ pool, secrets }: Pick<FlowPorts, 'pool' | 'secrets'>, id: string): Promise<FlowRunRow> {
  const delivery = await getDelivery(pool, { id });
  const event = delivery === null ? null : await getEvent(pool, { id: delivery.eventId });
  if (delivery === null || event === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run of a flow' });
  const { workspaceId } = event;
  const { flowId, flowVersion } = delivery;
  if ((await getFlowVersion(pool, { flowId, version: flowVersion })) === null)
    throw new SluiceError('NOT_FOUND', { detail: 'there is no such flow' });
  const input = {
    event: {
      id: event.id,
      type: event.type,
      provider_id: event.dedupeKey,
      occurred_at: event.occurredAt?.toISOString() ?? null,
      received_at: event.receivedAt.toISOString(),
      body: parseJson(openBody(secrets, event)),
    },
  };
  const { row } = await reserveFlowRun(pool, {
    ...{ id, workspaceId, flowId, flowVersion, eventId: event.id },
    trigger: event.kind,
    idempotencyKey: `delivery/${id}`,
    requestHash: createHash('sha256').update(id).digest(),
    input: sealValue(secrets, { workspaceId, flowId }, input),
    workflowId: flowWorkflowId(id),
  });
  return row;
}
