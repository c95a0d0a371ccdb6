import { z } from 'zod';
import { pageQuerySchema } from './page.schema.js';

/** Of which states endpoints are told. Others may come: whoever is told has to bear types that it does not know. */
export const ENDPOINT_TYPES = [
  ...['run.succeeded', 'run.failed', 'run.cancelled'],
  ...['action_run.succeeded', 'action_run.failed', 'action_run.outcome_unknown'],
  ...['flow_run.succeeded', 'flow_run.failed', 'flow_run.compensated', 'flow_run.skipped', 'flow_run.cancelled'],
  'event.failed',
] as const;
/** What `:test` sends. */
export const PING_TYPE = 'ping';

/** `failed`: the last try failed, and there is no other unless somebody asks for it. */
export const ENDPOINT_DELIVERY_STATES = ['pending', 'succeeded', 'failed'] as const;
export type EndpointDeliveryState = (typeof ENDPOINT_DELIVERY_STATES)[number];

const url = z
  .url()
  .max(2_000)
  .describe(
    'https; http only where `SLUICE_EGRESS_ALLOW` names its host and port. Encrypted in the store, since it may hold a token.',
  );
const description = z.string().max(500).nullable();
const types = z
  .array(
    z
      .string()
      .max(100)
      .regex(/^(\*|[a-z][a-z0-9_]*\.(\*|[a-z][a-z0-9_]*))$/, 'is `*`, a type such as `run.failed`, or all of a kind: `run.*`'),
  )
  .min(1)
  .max(50)
  .describe(
    `Of what it is told: \`*\`, \`run.*\`, or types: ${ENDPOINT_TYPES.map((type) => `\`${type}\``).join(', ')}, and those of the system’s own events.`,
  );

/** POST /v1/webhook-endpoints */
export const newWebhookEndpointSchema = z
  .strictObject({ url, types: types.default(['*']), description: description.default(null), enabled: z.boolean().default(true) })
  .meta({ id: 'NewWebhookEndpoint' });
export type NewWebhookEndpoint = z.output<typeof newWebhookEndpointSchema>;

/** PATCH /v1/webhook-endpoints/{id} */
export const webhookEndpointChangesSchema = z
  .strictObject({ url, types, description, enabled: z.boolean() })
  .partial()
  .meta({ id: 'WebhookEndpointChanges' });
export type WebhookEndpointChanges = z.output<typeof webhookEndpointChangesSchema>;

/** POST /v1/webhook-endpoints/{id}:rotate */
export const rotateEndpointSchema = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(7 * 86_400)
      .default(86_400)
      .describe('So long the secret before signs too: `webhook-signature` has both.'),
  })
  .meta({ id: 'RotateWebhookEndpoint' });
export type RotateEndpoint = z.output<typeof rotateEndpointSchema>;

export const webhookEndpointSchema = z
  .object({
    id: z.uuid(),
    url: z.string(),
    types: z.array(z.string()),
    description,
    enabled: z.boolean(),
    disabled_by: z.enum(['request', 'gone']).nullable().describe('`gone`: it answered 410. null: it is enabled.'),
    failing: z.boolean().describe('Its last try failed: it is sent one at a time until one succeeds.'),
    old_secret_until: z.iso.datetime().nullable().describe('Until then the secret before signs too.'),
    created_at: z.iso.datetime(),
    rotated_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookEndpoint' });
export type WebhookEndpointView = z.output<typeof webhookEndpointSchema>;

export const webhookEndpointWithSecretSchema = webhookEndpointSchema
  .extend({ secret: z.string().describe('`whsec_…`, of Standard Webhooks; shown once.') })
  .meta({ id: 'WebhookEndpointWithSecret' });
export type WebhookEndpointWithSecretView = z.output<typeof webhookEndpointWithSecretSchema>;

export const endpointDeliverySchema = z
  .object({
    id: z.uuid().describe('The `webhook-id` of every try.'),
    type: z.string(),
    data: z.record(z.string(), z.unknown()).describe('Ids, states, codes and counts.'),
    state: z.enum(ENDPOINT_DELIVERY_STATES).describe('`failed`: there is no other try, unless it is replayed.'),
    attempts: z.int().describe('Tries that were begun since it was last replayed.'),
    next_try_at: z.iso.datetime().nullable().describe('null: it is over.'),
    tries: z
      .array(
        z.object({
          at: z.iso.datetime(),
          status: z.int().nullable().describe('Of the answer; null: there was none.'),
          error: z.string().nullable().describe('Code of what kept the answer away.'),
          latency_ms: z.int(),
        }),
      )
      .describe('The last twenty, oldest first.'),
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookEndpointDelivery' });
export type EndpointDeliveryView = z.output<typeof endpointDeliverySchema>;

const filterShape = {
  type: z.string().min(1).max(100).optional().describe('Of this type only.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Made at this time or later.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Made before this time.'),
};

/** GET /v1/webhook-endpoints/{id}/deliveries */
export const endpointDeliveryQuerySchema = pageQuerySchema.extend({
  ...filterShape,
  state: z.enum(ENDPOINT_DELIVERY_STATES).optional().describe('In this state only.'),
});
export type EndpointDeliveryQuery = z.output<typeof endpointDeliveryQuerySchema>;

/** POST /v1/webhook-endpoints/{id}/deliveries:replay */
export const replayEndpointDeliveriesSchema = z
  .strictObject({ ...filterShape, state: z.enum(['succeeded', 'failed']).default('failed') })
  .meta({ id: 'ReplayWebhookEndpointDeliveries' });
export type ReplayEndpointDeliveries = z.output<typeof replayEndpointDeliveriesSchema>;

export const endpointDeliveriesReplayedSchema = z
  .object({ deliveries: z.int() })
  .meta({ id: 'WebhookEndpointDeliveriesReplayed' });
