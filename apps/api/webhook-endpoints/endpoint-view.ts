import type { EndpointDeliveryView, WebhookEndpointView } from '../../../libs/contracts/webhook-endpoint.schema.js';
import type { EndpointDeliveryRow, WebhookEndpointRow } from '../../../libs/store/index.js';
import type { EndpointSecrets } from '../../../libs/webhook-endpoints/index.js';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Without its secrets. Pure. */
export const webhookEndpointView = (
  row: WebhookEndpointRow,
  { url, old }: EndpointSecrets,
  now: number,
): WebhookEndpointView => ({
  id: row.id,
  url,
  types: row.types,
  description: row.description,
  enabled: row.enabled,
  disabled_by: row.disabledBy,
  failing: row.failing,
  old_secret_until: old === null || old.until <= now ? null : new Date(old.until).toISOString(),
  created_at: row.createdAt.toISOString(),
  rotated_at: iso(row.rotatedAt),
});

export const endpointDeliveryView = (row: EndpointDeliveryRow): EndpointDeliveryView => ({
  id: row.id,
  type: row.type,
  data: row.data,
  state: row.state,
  attempts: row.attempts,
  next_try_at: row.state === 'pending' ? row.dueAt.toISOString() : null,
  tries: row.tries,
  created_at: row.createdAt.toISOString(),
  finished_at: iso(row.finishedAt),
});
