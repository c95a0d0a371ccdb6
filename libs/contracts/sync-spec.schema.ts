import { z } from 'zod';
import { identifierSchema } from './identifier.js';
import type { JsonObject } from './json.js';
import { jsonValueSchema } from './json.schema.js';
import { METADATA, metadataSchema } from './metadata.js';
import { namingStyleSchema, nestingSchema } from './nesting.js';
import { contractPolicySchema } from './schema-contract.js';
import { writeModeSchema } from './write-mode.schema.js';

const streamContractSchema = z
  .strictObject({
    new_fields: contractPolicySchema
      .optional()
      .describe('Fields that the schema does not name. Default: `evolve`; where `fields` are named nothing is new.'),
    type_conflicts: contractPolicySchema
      .optional()
      .describe(
        'Values that do not fit their column. Default: `evolve` for a column whose type was inferred from values, `quarantine` for one of the declared schema.',
      ),
  })
  .describe(
    'What happens to what the table cannot take as it is. `evolve`: the table grows; `freeze`: the run fails; `discard_value`: the value is left out, and counted; `quarantine`: the record is kept aside.',
  )
  .meta({ id: 'StreamContract' });
const deletesSchema = z
  .strictObject({
    when: z
      .strictObject({
        field: z.string().min(1).describe('Top-level field of the record.'),
        equals: z
          .union([z.string(), z.number(), z.boolean()])
          .optional()
          .describe('The value that says so, compared as text; default: any but null and false.'),
      })
      .optional()
      .describe('Which records say of themselves that they are deleted (tombstones).'),
    as: z
      .enum(['soft', 'hard'])
      .default('soft')
      .describe(
        'What a tombstone does: `soft` keeps the row and marks it `_sluice_deleted` (scd2: ends its version), `hard` deletes it.',
      ),
    missing: z
      .enum(['soft', 'hard'])
      .optional()
      .describe(
        'incremental_upsert: each run reads the whole stream, and rows whose key it did not see are marked or deleted in the end.',
      ),
    allow_empty: z.boolean().default(false).describe('A whole read without any record may delete every row; else the run fails.'),
  })
  .refine(({ when, missing }) => when !== undefined || missing !== undefined, { message: 'give `when`, `missing`, or both' });

const streamActionSchema = z
  .strictObject({
    name: z.string().min(1).max(63).describe('Of the destination’s connector. It declares how a lost answer is resolved.'),
    input: (z.record(z.string().min(1).max(200), jsonValueSchema) as unknown as z.ZodType<JsonObject, JsonObject>)
      .optional()
      .describe('Its input: JSON with the templates of manifests, which see `record`. Default: the record as it is.'),
  })
  .meta({ id: 'StreamAction' });

export const syncStreamSchema = z.strictObject({
  /** Name of the stream in the source's catalog. */
  name: z.string().min(1).max(200),
  mode: writeModeSchema,
  table: identifierSchema
    .optional()
    .describe(
      'Destination table. Default: the stream’s name, in snake_case where it is no identifier (`Sales-Orders`: `sales_orders`).',
    ),
  /** Top-level fields; default: the stream's own key. Required by incremental_upsert one way or the other. */
  primary_key: z.array(z.string().min(1)).min(1).max(32).optional(),
  /** Top-level field; default: the stream's own cursor. */
  cursor_field: z.string().min(1).optional(),
  /** Fields to load; default: all of the stream's schema. */
  fields: z.array(z.string().min(1)).min(1).max(1_600).optional(),
  contract: streamContractSchema.optional(),
  nested: nestingSchema
    .optional()
    .describe(
      'Objects inside records. `json` (default): one column of JSON. `flatten`: a column for each field inside, named by the keys with `__` between them, five keys deep; lists stay JSON.',
    ),
  child_tables: z
    .array(z.string().min(1))
    .min(1)
    .max(50)
    .refine((fields) => new Set(fields).size === fields.length, { message: 'names one twice' })
    .optional()
    .describe(
      'Top-level fields whose lists become tables of their own too, named `<table>__<field>`: a row for each element, with the key of its parent’s row (`_sluice_parent_<column>`; where no key makes a row `_sluice_parent`, the parent’s `_sluice_row`), its place in the list from 0 (`_sluice_position`), and a column for each field of it (`value`, where it is no object). The stream’s own table keeps the list as JSON. Not with scd2, nor with `nested: flatten`; a change needs a reset of the stream. Default: none.',
    ),
  names: namingStyleSchema
    .optional()
    .describe(
      'Names of new columns. `keep` (default) changes only what the destination refuses; `snake_case` makes small letters, digits and underscores of all. Columns that are there keep their names.',
    ),
  metadata: z
    .array(metadataSchema)
    .min(1)
    .max(METADATA.length)
    .refine((fields) => new Set(fields).size === fields.length, { message: 'names one twice' })
    .optional()
    .describe(
      'Columns of what a row says of its loading: `_sluice_run` and `_sluice_slice` that last wrote it, `_sluice_loaded_at`, `_sluice_change` (insert, update or delete), `_sluice_digest` of its values, by which a verification finds rows that were changed otherwise, without the source; adding or leaving out `digest` needs a reset of the stream. Default: none.',
    ),
  /** How deletes at the source are followed (incremental_upsert, scd2); default: they are not. */
  deletes: deletesSchema.optional(),
  action: streamActionSchema
    .optional()
    .describe(
      'Where the destination is a connection to an API: the action that is called for every row that is new or has changed.',
    ),
});
export type SyncStream = z.infer<typeof syncStreamSchema>;

/** What is versioned of a sync: a change makes a new version. */
export const syncSpecSchema = z.strictObject({
  /** Destination schema, made when it is missing. */
  namespace: identifierSchema.default('public'),
  streams: z.array(syncStreamSchema).min(1).max(500),
  /** Its share of an account's budget where several syncs wait for it, beside theirs; absent: 1. */
  weight: z.number().int().min(1).max(100).optional(),
});
export type SyncSpec = z.infer<typeof syncSpecSchema>;

export const scheduleSchema = z
  .strictObject({
    /** Five-field cron expression. Exactly one of `cron` and `interval_seconds`. */
    cron: z.string().min(1).max(200).optional(),
    interval_seconds: z.number().int().min(10).max(31_536_000).optional(),
    /** IANA zone in which `cron` is read. */
    timezone: z.string().min(1).max(100).default('UTC'),
    /** Starts are spread over this many seconds. */
    jitter_seconds: z.number().int().min(0).max(86_400).default(0),
    /** What a scheduled start does when a run is active: `skip` records a skipped run, `wait` starts when that run ends. */
    overlap: z.enum(['skip', 'wait']).default('skip'),
    paused: z.boolean().default(false),
    /** The sync is late when so long after one of these times no run succeeded or is active. Default 600. */
    late_after_seconds: z.number().int().min(1).max(604_800).optional(),
  })
  .refine((s) => (s.cron === undefined) !== (s.interval_seconds === undefined), {
    message: 'give exactly one of cron and interval_seconds',
  });
export type Schedule = z.infer<typeof scheduleSchema>;
