import { z } from 'zod';
import { budgetLimitSchema } from './budget.schema.js';
import type { JsonObject } from './json.js';
import { jsonValueSchema } from './json.schema.js';
import { webhookSchema } from './webhook-file.schema.js';

/** What providers that say so keep their keys for at least. */
const KEPT_SECONDS = 86_400;
const MOST_KEPT_SECONDS = 3_650 * 86_400;

const text = (most: number) => z.string().min(1).max(most);
/** JSON with templates in its texts. */
const tree = jsonValueSchema;
const templates = z.record(text(200), tree);
const path = z.array(z.string().max(200)).max(20);
const jsonSchema = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject, JsonObject>;

const requestShape = {
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  path: text(2_000).describe(
    'Below the requester’s address. Values that templates put in are escaped: none can leave its place between two slashes.',
  ),
  headers: templates.optional(),
  parameters: templates.optional().describe('Of the query. Null and missing values are left out.'),
};
const bodies = {
  json: tree
    .optional()
    .describe('The JSON body. A text that is one template keeps its value’s type; fields without a value are left out.'),
  form: templates.optional().describe('The body as a form.'),
  form_style: z
    .enum(['repeat', 'brackets'])
    .default('repeat')
    .describe(
      'Lists in a form: a field that is repeated, or, with `brackets`, `a[0]`; objects are then `a[b]`, truth values `true` and `false`.',
    ),
  graphql: z
    .strictObject({ query: text(100_000), variables: templates.optional(), operation_name: text(200).optional() })
    .optional()
    .describe('A GraphQL operation; `errors` in the answer are a failure.'),
};

const oneBody = (request: { json?: unknown; form?: unknown; graphql?: unknown }): boolean =>
  [request.json, request.form, request.graphql].filter((body) => body !== undefined).length <= 1;
const requestSchema = z
  .strictObject({ ...requestShape, ...bodies })
  .refine(oneBody, 'a request has one body: json, form or graphql');

const actionSchema = z.strictObject({
  description: text(2_000).optional(),
  input: jsonSchema.describe('JSON schema (draft 7) of the input.'),
  output: jsonSchema.optional().describe('JSON schema of the result, for who reads it.'),
  idempotent: z
    .boolean()
    .default(false)
    .describe('Making the call again changes nothing more: it is repeated where nobody knows whether it arrived.'),
  idempotency_key: z
    .strictObject({
      in: z.enum(['header', 'parameter', 'json']),
      name: text(200),
      kept_seconds: z
        .number()
        .int()
        .min(1)
        .max(MOST_KEPT_SECONDS)
        .default(KEPT_SECONDS)
        .describe(
          'How long the provider knows a key after it first came. A call in doubt is not repeated after that: it is looked up, or a person has to find out. Default: a day.',
        ),
    })
    .optional()
    .describe('Where the provider takes a key by which it makes a call once. The key is the run’s id.'),
  request: requestSchema,
  errors: z
    .array(path.min(1))
    .max(10)
    .default([])
    .describe(
      'Places in a 2xx answer where the provider says that it did nothing (GraphQL’s `userErrors`): an answer with something there is a failure.',
    ),
  result: path.default([]).describe('Where the result is in the answer; default: the whole answer.'),
  timeout_seconds: z.int().min(1).max(120).default(30).describe('After so long nobody knows whether the call arrived.'),
  batch: z
    .strictObject({
      items: text(200).describe('The list in the input that takes many items at once.'),
      most: z.int().min(2).max(10_000).describe('Items a call.'),
      rejected: z
        .strictObject({
          path: path.describe('Where in the result the refused items are listed.'),
          index: text(200).describe('In each of them: its place in the call, from 0.'),
          reason: text(200).optional().describe('In each of them: the provider’s word for why.'),
        })
        .optional()
        .describe('Default: a call is taken whole or refused whole; one that is refused is halved until what is wrong is alone.'),
    })
    .optional()
    .describe('Where rows of a table go to this action, many go to a call.'),
  lookup: z
    .strictObject({
      request: requestSchema,
      found: path.describe('What is there, and no empty list, if the call took effect.'),
      result: path.optional().describe('Where the result is in the answer; default: as `found`.'),
    })
    .optional()
    .describe('How to find out whether a call took effect. A 404 says that it did not.'),
  compensate: z
    .strictObject({
      action: text(63).describe('Another action of this file.'),
      input: templates.default({}).describe('Its input. Templates see `input` and `result` of the call that is undone.'),
    })
    .optional()
    .describe('What undoes a call that succeeded, where a flow compensates and its step says nothing else.'),
});

/** `sluice.yaml`, beside an Airbyte manifest: what that format cannot say. */
export const sluiceFileSchema = z
  .strictObject({
    version: z.literal(1),
    api_version: z
      .union([
        text(100),
        z.strictObject({
          version: text(100),
          in: z.enum(['header', 'path', 'parameter']).describe('Where requests name it.'),
          name: text(200).optional().describe('Of the header or parameter.'),
        }),
      ])
      .optional()
      .describe('The provider’s version that requests and schemas are written for; told, not sent: requests name it themselves.'),
    retirements: z
      .strictObject({
        url: z
          .url({ protocol: /^https?$/ })
          .max(2_000)
          .describe('Where the provider announces what it will retire.'),
      })
      .optional()
      .describe('What is known of the ends of versions. What answers say of them (Deprecation, Sunset) is noticed anyway.'),
    requester: z
      .string()
      .regex(/^#\//, 'a reference into the manifest, as #/definitions/requester')
      .optional()
      .describe('Whose address and credentials actions use; default: the first stream’s requester.'),
    budgets: z
      .array(budgetLimitSchema)
      .min(1)
      .max(10)
      .optional()
      .describe(
        'What the provider allows an account: limits of each connection that declares none; they take the place of the manifest’s.',
      ),
    actions: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'lower-case letters, digits and underscores'), actionSchema)
      .default({}),
    webhooks: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'lower-case letters, digits and underscores'), webhookSchema)
      .default({})
      .describe('What the provider sends when something happens.'),
  })
  .meta({ id: 'SluiceFile' });

export type ActionFile = z.output<typeof actionSchema>;
export type RequestFile = z.output<typeof requestSchema>;
