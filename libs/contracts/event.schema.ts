import { z } from 'zod';
import { pageQuerySchema } from './page.schema.js';

/** What an event comes from: a provider's webhook, a record that a sync saw, a schedule, or Sluice itself. */
export const EVENT_KINDS = ['webhook', 'record', 'schedule', 'system'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Of an event: no flow wants it; a flow has it before it; every flow is done; the newest delivery to a flow failed. */
export const EVENT_STATES = ['unmatched', 'pending', 'succeeded', 'failed'] as const;
export type EventState = (typeof EVENT_STATES)[number];

/** Of an event's delivery to a flow: `started` is the flow's workflow. */
export const DELIVERY_STATES = ['pending', 'started', 'succeeded', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

const time = z.iso.datetime().nullable();

const deliverySchema = z
  .object({
    id: z.uuid().describe('Also the id of the flow’s run.'),
    flow_id: z.uuid(),
    flow_version: z.int(),
    round: z.int().describe('0: when the event arrived; then one more for each replay.'),
    state: z.enum(DELIVERY_STATES),
    error: z.string().nullable().describe('Code, when failed.'),
    created_at: z.iso.datetime(),
    started_at: time,
    finished_at: time,
  })
  .meta({ id: 'Delivery' });

export const eventSummarySchema = z
  .object({
    id: z.uuid(),
    connection_id: z.uuid().nullable().describe('null: the system’s own.'),
    kind: z.enum(EVENT_KINDS),
    type: z.string().describe('As the provider says: `payment.succeeded`.'),
    subject: z
      .string()
      .nullable()
      .describe('Of `system` events the id of the sync or connection; of `record` events sync and stream; else null.'),
    provider_id: z.string().describe('The provider’s event id: a second one with it is the same event.'),
    occurred_at: time.describe('By the provider’s clock, where it says so.'),
    received_at: z.iso.datetime(),
    state: z
      .enum(EVENT_STATES)
      .describe('`unmatched`: no flow wants it; else what its newest delivery to each flow makes of it.'),
  })
  .meta({ id: 'EventSummary' });
export type EventSummary = z.output<typeof eventSummarySchema>;

export const eventSchema = eventSummarySchema
  .extend({
    deliveries: z.array(deliverySchema).describe('Oldest first.'),
    body: z.unknown().optional().describe('Only where it was asked for (`?body=true`).'),
  })
  .meta({ id: 'Event' });
export type EventView = z.output<typeof eventSchema>;

const filterShape = {
  connection_id: z.uuid().optional().describe('Of this connection only.'),
  kind: z.enum(EVENT_KINDS).optional().describe('Of this kind only.'),
  type: z.string().min(1).max(200).optional().describe('Of this type only.'),
  subject: z.string().min(1).max(1_000).optional().describe('As the event shows it.'),
  state: z.enum(EVENT_STATES).optional().describe('In this state only.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Received at this time or later.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Received before this time.'),
};

export const eventQuerySchema = pageQuerySchema.extend(filterShape);
export type EventQuery = z.output<typeof eventQuerySchema>;
export type EventFilterQuery = Omit<EventQuery, 'limit' | 'cursor'>;

/** GET /v1/events/{id} */
export const eventDetailQuerySchema = z.strictObject({
  body: z.enum(['true', 'false']).default('false').describe('`true`: with what the provider sent.'),
});
export type EventDetailQuery = z.output<typeof eventDetailQuerySchema>;

/** POST /v1/events:replay */
export const replayEventsSchema = z
  .strictObject({
    ...filterShape,
    limit: z.int().min(1).max(1_000).default(100).describe('At most so many events, oldest first.'),
    cursor: pageQuerySchema.shape.cursor,
  })
  // Nobody replays everything by leaving something out.
  .refine(
    ({ connection_id, kind, type, subject, state, since, until }) =>
      [connection_id, kind, type, subject, state, since, until].some((value) => value !== undefined),
    'a filter is needed: connection_id, kind, type, subject, state, since or until',
  )
  .meta({ id: 'ReplayEvents' });
export type ReplayEvents = z.output<typeof replayEventsSchema>;

export const replayedSchema = z
  .object({
    events: z.int().describe('Events that were looked at.'),
    deliveries: z
      .int()
      .describe(
        'Deliveries that this makes: one to each flow that is subscribed now and has no other one of the event before it.',
      ),
    next_cursor: z.string().nullable().describe('Send it as `cursor` for the next ones; null: these were all.'),
  })
  .meta({ id: 'ReplayedEvents' });
export type ReplayedView = z.output<typeof replayedSchema>;
