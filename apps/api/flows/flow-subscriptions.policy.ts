import { recordEventType, recordSubject, scheduleEventType } from '../../../libs/contracts/flow-events.js';
import type { FlowRow, FlowVersionRow, replaceSubscriptions } from '../../../libs/store/index.js';

type Subscriptions = Parameters<typeof replaceSubscriptions>[1]['subscriptions'];

/** Which events a flow hears of; none while it is disabled. Pure. */
export function subscriptionsOf(
  { id, workspaceId, version, enabled }: Pick<FlowRow, 'id' | 'workspaceId' | 'version' | 'enabled'>,
  { definition, connections, syncs }: Pick<FlowVersionRow, 'definition' | 'connections' | 'syncs'>,
): Subscriptions {
  if (!enabled) return [];
  const { webhook, schedule, record, system } = definition.on;
  const one = (connectionId: string | null, eventType: string, subject?: string) => ({
    workspaceId,
    connectionId,
    eventType,
    flowVersion: version,
    ...(subject === undefined ? {} : { subject }),
  });
  if (webhook !== undefined) return [one(connections[webhook.connection] ?? null, webhook.event)];
  if (schedule !== undefined) return [one(null, scheduleEventType(id))];
  if (record !== undefined) {
    const subject = recordSubject({ syncId: syncs[record.sync] ?? '', stream: record.stream });
    return [...new Set(record.changes)].map((change) => one(null, recordEventType(change), subject));
  }
  if (system !== undefined) {
    const { sync, connection } = system;
    const subject = sync === undefined ? connection && connections[connection] : syncs[sync];
    return [one(null, system.event, subject)];
  }
  return [];
}
