import type { EventSummary, EventView } from '../../../libs/contracts/event.schema.js';
import type { DeliveryRow, EventSummaryRow } from '../../../libs/store/index.js';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

export const eventSummary = (row: EventSummaryRow): EventSummary => ({
  ...{ id: row.id, connection_id: row.connectionId, kind: row.kind, type: row.type },
  ...{ subject: row.subject, provider_id: row.dedupeKey },
  ...{ occurred_at: iso(row.occurredAt), received_at: row.receivedAt.toISOString(), state: row.state },
});

/** `body`: parsed with every digit; absent: nobody asked for it. */
export const eventView = (row: EventSummaryRow, deliveries: readonly DeliveryRow[], body?: { value: unknown }): EventView => ({
  ...eventSummary(row),
  deliveries: deliveries.map((delivery) => ({
    ...{ id: delivery.id, flow_id: delivery.flowId, flow_version: delivery.flowVersion, round: delivery.round },
    ...{ state: delivery.state, error: delivery.error, created_at: delivery.createdAt.toISOString() },
    ...{ started_at: iso(delivery.startedAt), finished_at: iso(delivery.finishedAt) },
  })),
  ...(body === undefined ? {} : { body: body.value }),
});
