import type { Transaction } from './database.js';

/** Which events a flow wants. */
export interface Subscription {
  workspaceId: string;
  /** null: the system's own events. */
  connectionId: string | null;
  /** `*`: every type. */
  eventType: string;
  /** What the event has to be about; undefined: whatever it is. */
  subject?: string;
  flowId: string;
  flowVersion: number;
}

/** Makes these the flow's subscriptions; none: it hears of nothing any more. */
export async function replaceSubscriptions(
  tx: Transaction,
  request: { flowId: string; subscriptions: readonly Omit<Subscription, 'flowId'>[] },
): Promise<void> {
  const { flowId, subscriptions } = request;
  await tx.query('DELETE FROM control.subscription WHERE flow_id = $1', [flowId]);
  for (const { workspaceId, connectionId, eventType, subject = null, flowVersion } of subscriptions)
    await tx.query(
      `INSERT INTO control.subscription (workspace_id, connection_id, event_type, flow_id, flow_version, subject) VALUES ($1, $2, $3, $4, $5, $6)`,
      [workspaceId, connectionId, eventType, flowId, flowVersion, subject],
    );
}
