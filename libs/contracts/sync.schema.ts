import { z } from 'zod';
import { resourceNameSchema } from './connection.schema.js';
import { scheduleSchema, syncSpecSchema, syncStreamSchema } from './sync-spec.schema.js';

export const newSyncSchema = z
  .strictObject({
    name: resourceNameSchema,
    source_id: z.uuid().describe('Connection to read.'),
    destination_id: z.uuid().describe('Connection to load.'),
    ...syncSpecSchema.shape,
    schedule: scheduleSchema.nullable().default(null),
  })
  .meta({ id: 'NewSync' });
export type NewSync = z.output<typeof newSyncSchema>;

export const syncPatchSchema = z
  .strictObject({
    version: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('The version that was read; when given, the change is refused if there is a newer one.'),
    name: resourceNameSchema.optional(),
    namespace: syncSpecSchema.shape.namespace.removeDefault().optional(),
    streams: syncSpecSchema.shape.streams.optional().describe('Replaces the list.'),
    weight: syncSpecSchema.shape.weight,
    schedule: scheduleSchema.nullable().optional().describe('null removes it.'),
    reset: z
      .array(z.string().min(1))
      .max(500)
      .default([])
      .describe('Streams to load anew; required for those whose key, cursor, mode or target changes.'),
  })
  .meta({ id: 'SyncPatch' });
export type SyncPatch = z.output<typeof syncPatchSchema>;

export const syncSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    source_id: z.uuid(),
    destination_id: z.uuid(),
    version: z.number().int(),
    namespace: z.string(),
    streams: z.array(syncStreamSchema),
    weight: z
      .number()
      .int()
      .describe('Share of an account’s budget where several syncs wait for it: 3 gets three calls while 1 gets one.'),
    schedule: scheduleSchema.nullable(),
    next_fire_times: z
      .array(z.iso.datetime())
      .describe('The next five, before jitter; empty without schedule or while it is paused.'),
    late_since: z.iso
      .datetime()
      .nullable()
      .describe('The time of its schedule that it missed (see `late_after_seconds`); null: it is not late.'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Sync' });
export type SyncView = z.output<typeof syncSchema>;

export const syncVersionSchema = z
  .object({
    version: z.number().int(),
    hash: z.string(),
    namespace: z.string(),
    streams: z.array(syncStreamSchema),
    weight: z.number().int(),
    resets: z.array(z.string()).describe('Streams that the change to this version asked to load anew.'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'SyncVersion' });
export type SyncVersionView = z.output<typeof syncVersionSchema>;
