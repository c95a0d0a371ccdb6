import { z } from 'zod';
import { jsonObjectSchema } from './connector.schema.js';

const secret = z
  .string()
  .min(8)
  .max(500)
  .optional()
  .describe('As the provider shows it, where it makes one; absent: one is made, and shown in this answer only.');

export const DEFAULT_HOOK_CALLS_PER_MINUTE = 60_000;
const callsPerMinute = z
  .int()
  .min(1)
  .max(1_000_000)
  .describe('How many requests a minute the hook takes, all of which may come at once; more are answered 429 and not stored.');

/** POST /v1/connections/{id}/hooks */
export const newHookSchema = z
  .strictObject({
    webhook: z.string().min(1).max(63).describe('One that the connector declares.'),
    secret,
    calls_per_minute: callsPerMinute.default(DEFAULT_HOOK_CALLS_PER_MINUTE),
  })
  .meta({ id: 'NewHook' });
export type NewHook = z.output<typeof newHookSchema>;

/** PATCH /v1/connections/{id}/hooks/{hookId} */
export const hookChangeSchema = z.strictObject({ calls_per_minute: callsPerMinute }).meta({ id: 'HookChange' });
export type HookChange = z.output<typeof hookChangeSchema>;

/** POST /v1/connections/{id}/hooks/{hookId}:rotate */
export const rotateHookSchema = z
  .strictObject({
    secret,
    overlap_seconds: z
      .int()
      .min(0)
      .max(7 * 86_400)
      .default(86_400)
      .describe('So long what is signed with the old secret is taken too.'),
  })
  .meta({ id: 'RotateHook' });
export type RotateHook = z.output<typeof rotateHookSchema>;

export const hookSchema = z
  .object({
    id: z.uuid(),
    connection_id: z.uuid(),
    webhook: z.string(),
    path: z.string().describe('Where the provider is to send, below the API’s address.'),
    url: z.url().nullable().describe('The whole address; null where `SLUICE_PUBLIC_URL` is not set.'),
    calls_per_minute: z.int(),
    old_secret_until: z.iso.datetime().nullable().describe('Until then what is signed with the secret before is taken too.'),
    created_at: z.iso.datetime(),
    rotated_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Hook' });
export type HookView = z.output<typeof hookSchema>;

/** Answer of what makes a secret. */
export const hookWithSecretSchema = hookSchema
  .extend({
    secret: z
      .string()
      .nullable()
      .describe('The one that was made, shown once; null: it was given, or the webhook is not signed.'),
    verify_token: z
      .string()
      .nullable()
      .describe('For providers that ask with one whether an address is meant (Meta); shown once.'),
  })
  .meta({ id: 'HookWithSecret' });
export type HookWithSecretView = z.output<typeof hookWithSecretSchema>;

/** Answer of POST /v1/hooks/{hookId}. */
export const receivedSchema = z
  .object({ event: z.uuid(), duplicate: z.boolean().describe('It had come before: nothing was done.') })
  .meta({ id: 'ReceivedEvent' });
export type ReceivedView = z.output<typeof receivedSchema>;

/** GET /v1/connectors/{name}/webhooks */
export const webhooksViewSchema = z
  .object({
    data: z.array(
      z
        .object({
          name: z.string(),
          description: z.string().nullable(),
          signature: z.string().describe('The scheme; `none`: whoever knows the address is believed.'),
          challenge: z.string().nullable().describe('How the provider proves a new address; answered by itself.'),
          events: z.array(
            z.object({
              type: z.string(),
              description: z.string().nullable(),
              schema: jsonObjectSchema.nullable().describe('JSON schema of the body.'),
            }),
          ),
        })
        .meta({ id: 'Webhook' }),
    ),
  })
  .meta({ id: 'Webhooks' });
export type WebhooksView = z.output<typeof webhooksViewSchema>;
