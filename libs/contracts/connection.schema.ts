import { z } from 'zod';
import { budgetSchema } from './budget.schema.js';
import { connectorNameSchema, jsonObjectSchema } from './connector.schema.js';
import { problemSchema } from './problem.schema.js';
import { resumeSchema, writeModeSchema } from './write-mode.schema.js';

export const resourceNameSchema = z.string().trim().min(1).max(200);
const config = jsonObjectSchema.describe('What the connector’s `spec` asks for, secrets included; secrets are never returned.');

export const newConnectionSchema = z
  .strictObject({
    name: resourceNameSchema,
    connector: connectorNameSchema,
    config,
    budget: budgetSchema.nullable().default(null).describe('Limits of the account at the provider.'),
  })
  .meta({ id: 'NewConnection' });
export type NewConnection = z.output<typeof newConnectionSchema>;

export const connectionPatchSchema = z
  .strictObject({
    revision: z
      .number()
      .int()
      .min(1)
      .describe('The revision that was read: the change is refused when somebody else was faster.'),
    name: resourceNameSchema.optional(),
    config: config
      .describe('Replaces the configuration; secrets that are left out stay as they are, null removes one.')
      .optional(),
    budget: budgetSchema.nullable().optional(),
  })
  .meta({ id: 'ConnectionPatch' });
export type ConnectionPatch = z.output<typeof connectionPatchSchema>;

export const connectionSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    connector: z.string(),
    config: jsonObjectSchema.describe('Without secrets.'),
    secrets_set: z.array(z.string()).describe('JSON pointers of the secrets that are set; their values are never returned.'),
    budget: budgetSchema.nullable(),
    revision: z.number().int(),
    needs_reauthorization_since: z.iso
      .datetime()
      .nullable()
      .describe(
        'Its credentials were refused then, and have not been changed or accepted since; null: they are good as far as is known.',
      ),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Connection' });
export type ConnectionView = z.output<typeof connectionSchema>;

export const checkResultSchema = z
  .object({ ok: z.boolean(), error: problemSchema.optional().describe('Why not.') })
  .meta({ id: 'CheckResult' });

export const streamDescriptionSchema = z
  .object({
    name: z.string(),
    json_schema: jsonObjectSchema,
    primary_key: z.array(z.string()),
    cursor_field: z.string().nullable(),
    modes: z
      .array(writeModeSchema)
      .describe('Modes that the stream itself can serve; others need a key or cursor of your choice.'),
    resume: resumeSchema,
    warnings: z.array(z.string()),
    unavailable: z.string().nullable().describe('Why the stream cannot be read; null: it can.'),
  })
  .meta({ id: 'StreamDescription' });
export type StreamDescriptionView = z.output<typeof streamDescriptionSchema>;
