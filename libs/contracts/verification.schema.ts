import { z } from 'zod';
import { pageQuerySchema } from './page.schema.js';
import { runErrorSchema } from './run.schema.js';
import { FINDING_KINDS } from './verifier.port.js';

const count = z.number().int();

/** POST /v1/syncs/{id}:verify; the body may be left out. */
export const newVerificationSchema = z
  .strictObject({
    streams: z.array(z.string().min(1)).min(1).max(500).optional().describe('Default: all of the sync.'),
    source: z.boolean().default(false).describe('Read the source again and compare row by row; refused while a run is active.'),
    repair: z.boolean().default(false).describe('Load again what is missing or differs; needs `source`.'),
  })
  .refine(({ source, repair }) => source || !repair, { path: ['repair'], message: 'needs `source`: nothing else knows the rows' })
  .optional()
  .meta({ id: 'NewVerification' });
export type NewVerification = z.output<typeof newVerificationSchema>;

const kind = z.enum(FINDING_KINDS);

const verificationStreamSchema = z
  .object({
    name: z.string(),
    state: z.enum(['pending', 'verified', 'failed']),
    rows: count.nullable().describe('Of the table.'),
    records: count.nullable().describe('Read from the source; null: it was not read.'),
    found: z.partialRecord(kind, count).describe('Findings by kind; empty: the table is right.'),
    repaired: count,
    notes: z.array(z.string()),
    error: runErrorSchema.nullable(),
  })
  .meta({ id: 'VerificationStream' });

export const verificationSchema = z
  .object({
    id: z.uuid(),
    sync_id: z.uuid(),
    state: z.enum(['running', 'succeeded', 'failed']).describe('succeeded: every stream was looked at, whatever was found.'),
    source: z.boolean(),
    repair: z.boolean(),
    findings: count.describe('Of all streams; 0 at the end: everything is right.'),
    streams: z.array(verificationStreamSchema),
    error: runErrorSchema.nullable(),
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
    workflow_id: z.string(),
  })
  .meta({ id: 'Verification' });
export type VerificationView = z.output<typeof verificationSchema>;

export const findingSchema = z
  .object({
    stream: z.string(),
    kind,
    key: z
      .record(z.string(), z.string().nullable())
      .nullable()
      .describe('Of the row, as PostgreSQL writes it; null: about the stream, or a row without a key.'),
    columns: z.array(z.string()).describe('Columns that differ.'),
    detail: z.string().nullable(),
    outcome: z.enum(['repaired', 'left']).nullable().describe('Of a repair.'),
  })
  .meta({ id: 'Finding' });
export type FindingView = z.output<typeof findingSchema>;

export const findingQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('Items a page.'),
  stream: z.string().min(1).optional().describe('Of this stream only.'),
  kind: kind.optional().describe('Of this kind only.'),
});
export type FindingQuery = z.output<typeof findingQuerySchema>;
