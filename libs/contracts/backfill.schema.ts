import { z } from 'zod';
import { startedRunSchema } from './run.schema.js';

const value = z.string().min(1).max(200);

/** POST /v1/syncs/{id}/backfills */
export const newBackfillSchema = z
  .strictObject({
    streams: z.array(z.string().min(1)).min(1).max(500).describe('Streams in incremental_upsert with a cursor.'),
    from: value.describe('A value of the cursor, or an ISO 8601 time: what is read begins with it.'),
    to: value
      .optional()
      .describe('What is read ends before it, or with it where the source’s cursor has no granularity; default: now.'),
  })
  .meta({ id: 'NewBackfill' });
export type NewBackfill = z.output<typeof newBackfillSchema>;

export const startedBackfillSchema = startedRunSchema
  .extend({ lane: z.string().describe('`backfill:<id>`: the lane of the run, beside the live one.') })
  .meta({ id: 'StartedBackfill' });
export type StartedBackfillView = z.output<typeof startedBackfillSchema>;
