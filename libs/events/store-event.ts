import type { EventKind } from '../contracts/event.schema.js';
import type { SecretBox } from '../secrets/index.js';
import { insertEvents, tellEndpoints, type Db, type InsertedEvent, type NewEvent } from '../store/index.js';
import { sealBody } from './event-body.js';
import { eventId } from './event-id.js';

export interface IncomingEvent {
  workspaceId: string;
  /** Whose account it happened in; null: the system's own. */
  connectionId: string | null;
  kind: EventKind;
  /** `payment.succeeded` */
  type: string;
  /** What it is about, where flows can ask for that; default: nothing. */
  subject?: string;
  /** What makes it the same event when it comes again: the provider's event id. */
  dedupeKey: string;
  occurredAt: Date | null;
  /** JSON text. */
  body: string;
}

export type StoredEvent = InsertedEvent;

/** As it is stored: with an id, and what its body says encrypted. */
export function newEvent(secrets: SecretBox, event: IncomingEvent): NewEvent {
  const { workspaceId, connectionId, kind, type, subject = null, dedupeKey, occurredAt, body } = event;
  const meta = { id: eventId(), workspaceId, connectionId, kind, type, subject, dedupeKey, occurredAt };
  return { ...meta, body: sealBody(secrets, event, body) };
}

/**
 * Into the inbox: the event and a delivery to each flow that is subscribed to it, or nothing if it came before. In the caller's transaction,
 * or in one of its own where `db` is a pool; whoever acknowledges an event does so after the commit. Webhook
 * endpoints are told of the system's own events, whose bodies are ids, names and codes.
 */
export async function storeEvent(db: Db, secrets: SecretBox, event: IncomingEvent): Promise<StoredEvent> {
  const { workspaceId, kind, type, body } = event;
  const [stored] = (await insertEvents(db, [newEvent(secrets, event)])) as [StoredEvent];
  if (kind === 'system' && stored.isNew) {
    const data = { event_id: stored.id, ...(JSON.parse(body) as Record<string, unknown>) };
    await tellEndpoints(db, { workspaceId, type, data });
  }
  return stored;
}
