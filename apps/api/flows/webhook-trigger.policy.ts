import type { FieldError } from '../../../libs/errors/index.js';
import type { WebhookModel } from '../../../libs/webhooks/index.js';

/** The types of events that a connector names; null: any may come, since some of its webhooks name none. Pure. */
export function eventTypes(webhooks: readonly Pick<WebhookModel, 'events'>[]): readonly string[] | null {
  const named = webhooks.map(({ events }) => [...events.keys()]);
  return named.length === 0 || named.some((types) => types.length === 0) ? null : named.flat();
}

/** A type that the connector does not name would start the flow never; `*` is for those that a provider adds. Pure. */
export function webhookTriggerErrors(
  { connection, event }: { connection: string; event: string },
  known: { events: readonly string[] | null } | undefined,
): FieldError[] {
  if (known === undefined) return [{ path: '/on/webhook/connection', message: 'is no connection', found: connection }];
  if (event === '*' || known.events === null || known.events.includes(event)) return [];
  const message = 'is not a type that the connector names; `*` with a condition on `event.type` takes others';
  return [{ path: '/on/webhook/event', message, found: event, allowed: [...known.events] }];
}
