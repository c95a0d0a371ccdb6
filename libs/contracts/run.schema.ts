import { z } from 'zod';
import { pageQuerySchema } from './page.schema.js';
import { fieldErrorSchema } from './problem.schema.js';
import { RUN_STATES } from './run-state.js';

const count = z.number().int();
const safeDetails = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** POST /v1/syncs/{id}/runs; the body may be left out. */
export const newRunSchema = z
  .strictObject({
    reset: z.array(z.string().min(1)).max(500).default([]).describe('Streams of the sync to load anew.'),
  })
  .optional()
  .meta({ id: 'NewRun' });
export type NewRun = z.output<typeof newRunSchema>;

export const startedRunSchema = z.object({ id: z.uuid(), state: z.enum(RUN_STATES) }).meta({ id: 'StartedRun' });
export type StartedRunView = z.output<typeof startedRunSchema>;

/** `state` may be several, separated by commas. */
export const runQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  sync: z.uuid().optional().describe('Runs of this sync only.'),
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(RUN_STATES)).min(1))
    .optional()
    .describe('Runs in this state only; several are separated by commas.'),
});
export type RunQuery = z.output<typeof runQuerySchema>;

/** read = loaded + filtered + quarantined; loaded = the first six details. */
const runCountsSchema = z
  .object({
    read: count,
    loaded: count,
    filtered: count,
    quarantined: count,
    details: z.object({
      inserted: count,
      updated: count,
      unchanged: count.describe('The destination already had the very same record.'),
      superseded: count.describe('The destination has a newer version.'),
      deduplicated: count.describe('Duplicates within a chunk, or of what an earlier run loaded.'),
      deleted: count.describe('Tombstones that deleted, marked or ended a row.'),
    }),
    discarded_values: count.describe('Values that the stream’s contract left out of records that were loaded.'),
    removed: count.describe('Rows marked or deleted because a whole read did not see their key; nothing was read for them.'),
    bytes: count,
    chunks: count,
  })
  .meta({ id: 'RunCounts' });
export type RunCountsView = z.output<typeof runCountsSchema>;

const runStreamSchema = z
  .object({
    name: z.string(),
    state: z.enum(['pending', 'running', 'finished', 'failed']),
    counts: runCountsSchema,
    counts_at: z.iso.datetime().nullable().describe('When the counts were read from the destination’s ledger.'),
    slices: z.object({
      planned: count,
      done: count,
      failed: count.describe('Given up by this run: the stream fails when the others are done.'),
      complete: z.boolean().describe('Whether the plan is complete.'),
    }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'RunStream' });

export const runErrorSchema = z
  .object({
    code: z.string(),
    kind: z.string(),
    title: z.string(),
    detail: z.string().nullable().describe('What happened here, to what.'),
    next: z.string().describe('What to do about it.'),
    stream: z.string().nullable(),
    errors: z.array(fieldErrorSchema),
    details: safeDetails,
  })
  .meta({ id: 'RunError' });
export type RunErrorView = z.output<typeof runErrorSchema>;

export const runSchema = z
  .object({
    id: z.uuid(),
    sync_id: z.uuid(),
    sync_version: z.number().int(),
    state: z.enum(RUN_STATES),
    trigger: z.enum(['api', 'schedule', 'retry']),
    lane: z.string(),
    counts: runCountsSchema,
    counts_at: z.iso.datetime().nullable(),
    streams: z.array(runStreamSchema),
    waiting: z
      .object({ reason: z.string(), until: z.iso.datetime() })
      .nullable()
      .describe('What the run waits for, and until when.'),
    error: runErrorSchema.nullable(),
    reset: z.array(z.string()),
    scheduled_for: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
    workflow_id: z.string(),
    temporal_url: z.url().nullable().describe('The run’s history in Temporal’s UI.'),
  })
  .meta({ id: 'Run' });
export type RunView = z.output<typeof runSchema>;
export type RunStreamView = z.output<typeof runStreamSchema>;

export const runLogEntrySchema = z
  .object({
    at: z.iso.datetime(),
    level: z.enum(['info', 'warn', 'error']),
    code: z.string(),
    stream: z.string().nullable(),
    message: z.string(),
    details: safeDetails,
  })
  .meta({ id: 'RunLogEntry' });
export type RunLogEntryView = z.output<typeof runLogEntrySchema>;
