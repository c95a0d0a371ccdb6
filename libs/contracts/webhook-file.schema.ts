import { z } from 'zod';
import type { JsonObject } from './json.js';

const text = (most: number) => z.string().min(1).max(most);
const header = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$/, 'the name of a header')
  .describe('Name of a header; case does not matter.');
const jsonSchema = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject, JsonObject>;
const tolerance = z
  .int()
  .min(1)
  .max(86_400)
  .default(300)
  .describe('How far the signed time may be from now: what is older is a replay.');

/** Where a value is in what a provider sends. */
const placeSchema = z.union([
  z.strictObject({ header }),
  z.strictObject({ body: z.array(z.string().max(200)).min(1).max(20).describe('Path into the body.') }),
]);
const typeSchema = z.union([placeSchema, z.strictObject({ value: text(200).describe('All that comes here is of this type.') })]);
const named = <Name extends string>(scheme: Name) => z.strictObject({ scheme: z.literal(scheme) });

const signatureSchema = z.discriminatedUnion('scheme', [
  named('standard_webhooks').extend({ tolerance_seconds: tolerance }),
  named('stripe').extend({ tolerance_seconds: tolerance }),
  named('slack').extend({ tolerance_seconds: tolerance }),
  named('github'),
  named('shopify'),
  named('hmac').extend({
    header: header.describe('The header that holds the signature.'),
    algorithm: z.enum(['sha1', 'sha256', 'sha384', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64', 'base64url']).default('hex'),
    prefix: z.string().max(100).default('').describe('What stands before the signature: `sha256=`.'),
    separator: text(10).optional().describe('Where the header holds several signatures or fields: what stands between them.'),
    field: text(100).optional().describe('The header holds `name=value` fields, and the signature is this one.'),
    content: text(500)
      .default('{body}')
      .describe(
        'What is signed: `{body}`, `{timestamp}`, `{id}` and `{header:Name}` are put in; everything else stands as it is.',
      ),
    timestamp: z
      .union([z.strictObject({ header }), z.strictObject({ field: text(100) })])
      .optional()
      .describe('Where the signed time is: in a header, or in a field of the signature’s. It has to be in `content`.'),
    timestamp_unit: z.enum(['seconds', 'milliseconds', 'iso']).default('seconds'),
    id: z.strictObject({ header }).optional().describe('Where the `{id}` of `content` is.'),
    secret: z.enum(['text', 'base64', 'hex']).default('text').describe('How the secret is written.'),
    tolerance_seconds: tolerance,
  }),
  named('token').extend({
    header: header.describe('The header that holds the secret itself.'),
    prefix: z.string().max(100).default('').describe('What stands before it: `Bearer `.'),
  }),
  named('none').describe('Whoever knows the address is believed.'),
]);

const eventTypeSchema = z.strictObject({
  description: text(2_000).optional(),
  schema: jsonSchema
    .optional()
    .describe('JSON schema (draft 7) of the body, for who reads it; what comes is stored whether it fits or not.'),
});

/** One kind of webhook that a provider sends: how it is signed, and where in it is what. */
export const webhookSchema = z.strictObject({
  description: text(2_000).optional(),
  signature: signatureSchema,
  format: z.enum(['json', 'form']).default('json').describe('`form`: the fields of a form are the body.'),
  form_field: text(200).optional().describe('With `form`: the field whose text is the JSON body.'),
  type: z
    .union([typeSchema, z.array(typeSchema).min(1).max(5)])
    .optional()
    .describe(
      'Where the event’s type is; several are joined by dots, without those that are missing. Known for the schemes of providers.',
    ),
  id: z
    .union([
      placeSchema,
      z.array(placeSchema).min(1).max(5),
      z.strictObject({ digest: z.literal(true).describe('Of the body: two events that look the same are one.') }),
    ])
    .optional()
    .describe(
      'Where the provider’s id of the event is: a second one with it is the same event. Of several places all are needed. Known for the schemes of providers.',
    ),
  occurred_at: placeSchema.optional().describe('When it happened: ISO 8601, or seconds or milliseconds since 1970.'),
  challenge: z
    .enum(['slack', 'meta'])
    .optional()
    .describe(
      'How a new address is proved: `slack` posts a text that is to be answered (the default for slack); `meta` asks with a token by GET.',
    ),
  events: z.record(text(200), eventTypeSchema).default({}).describe('The types of events that come, by name.'),
});
export type WebhookFile = z.output<typeof webhookSchema>;
export type SignatureFile = WebhookFile['signature'];
export type Place = z.output<typeof placeSchema>;
export type TypePlace = z.output<typeof typeSchema>;
