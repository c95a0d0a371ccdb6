import { z } from 'zod';
import { pageQuerySchema } from './page.schema.js';

const lane = z
  .string()
  .regex(/^(live|backfill:[0-9a-f-]{36})$/, 'live or backfill:<id>')
  .default('live')
  .describe('`live`, or `backfill:<id>`.');
const version = z.number().int().min(0);

/** Airbyte's per-stream state. What is in `stream_state` is the source's own, with every digit. */
const airbyteStateSchema = z
  .object({
    type: z.literal('STREAM'),
    stream: z.object({
      stream_descriptor: z.object({ name: z.string().min(1), namespace: z.string().nullable().optional() }),
      stream_state: z.record(z.string(), z.unknown()),
    }),
  })
  .meta({ id: 'AirbyteState' });

const originSchema = z
  .enum(['run', 'reset', 'set', 'restored', 'replayed', 'backfill'])
  .describe('What made it: a run, a reset, or a change by hand.');

export const stateChangeSchema = z
  .object({
    version: version.describe('Grows with every change; 0: the stream has no state yet.'),
    changed_at: z.iso.datetime().nullable(),
    origin: originSchema.nullable(),
    run_id: z.uuid().nullable().describe('The run that made it.'),
    state: airbyteStateSchema.nullable().describe('null: the next run reads everything.'),
  })
  .meta({ id: 'StateChange' });

const streamStateSchema = stateChangeSchema.extend({ name: z.string() }).meta({ id: 'StreamState' });

export const syncStateSchema = z
  .object({ sync_id: z.uuid(), lane: z.string(), streams: z.array(streamStateSchema) })
  .meta({ id: 'SyncState' });

export const stateQuerySchema = z.strictObject({ lane });
export type StateQuery = z.output<typeof stateQuerySchema>;

/** PUT /v1/syncs/{id}/state: all streams or some. */
export const newSyncStateSchema = z
  .strictObject({
    streams: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          version: version.describe('The version that was read; the change is refused if there is a newer one.'),
          state: airbyteStateSchema.nullable(),
        }),
      )
      .min(1)
      .max(500),
  })
  .meta({ id: 'NewSyncState' });
export type NewSyncState = z.output<typeof newSyncStateSchema>;

export const stateHistoryQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  lane,
  stream: z.string().min(1).describe('Name of the stream.'),
});
export type StateHistoryQuery = z.output<typeof stateHistoryQuerySchema>;

export const restoreStateSchema = z
  .strictObject({
    stream: z.string().min(1),
    restore: version.describe('The version of the history to go back to.'),
    version: version.describe('The version that the state has now.'),
  })
  .meta({ id: 'RestoreState' });
export type RestoreState = z.output<typeof restoreStateSchema>;

export const replayStateSchema = z
  .strictObject({
    streams: z
      .array(z.strictObject({ name: z.string().min(1), version: version.describe('The version that the state has now.') }))
      .min(1)
      .max(500),
    from: z
      .string()
      .min(1)
      .max(200)
      .describe('A value of the cursor, or an ISO 8601 time: the next run reads from there on, this value included.'),
  })
  .meta({ id: 'ReplayState' });
export type ReplayState = z.output<typeof replayStateSchema>;
