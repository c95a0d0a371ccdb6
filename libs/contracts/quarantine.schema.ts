import { z } from 'zod';
import { pageQuerySchema } from './page.schema.js';

const text = z.string().min(1).max(500).optional();

export const quarantineQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  sync: z.uuid().optional().describe('Records of this sync only.'),
  stream: text.describe('Records of streams of this name only.'),
  run: z.uuid().optional().describe('Records of this run only.'),
  reason: text.describe('Records that were kept aside for this reason only.'),
  field: text.describe('Records that were kept aside for this field only; keys of nested fields are joined by dots.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Not older ones.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Only older ones.'),
});
export type QuarantineQuery = z.output<typeof quarantineQuerySchema>;

export const quarantinedRecordSchema = z
  .object({
    id: z.string(),
    sync_id: z.uuid(),
    stream: z.string(),
    lane: z.string(),
    run_id: z.uuid(),
    reason: z
      .string()
      .describe(
        'null_key, key_too_long, type_conflict, new_field, too_many_fields, nul_character, lone_surrogate, too_deep, empty_record, …',
      ),
    field: z.string().nullable(),
    record: z.unknown().describe('As it came from the source.'),
    at: z.iso.datetime(),
  })
  .meta({ id: 'QuarantinedRecord' });
