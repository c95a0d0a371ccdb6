import { scheduleId } from '../contracts/workflows.js';
import { listScheduledSyncs, listSchedulesToApply, markScheduleApplied, type Db, type SyncRow } from '../store/index.js';
import type { Scheduled, ScheduleStore } from './schedule-converger.js';
import { scheduleOptions } from './schedule-options.js';

const scheduledOf = (sync: SyncRow): Scheduled => ({
  id: sync.id,
  scheduleRevision: sync.scheduleRevision,
  scheduleId: scheduleId(sync.id),
  options: sync.schedule === null ? null : scheduleOptions(sync, sync.schedule),
});

/** Schedules of syncs. */
export const syncSchedules = (db: Db): ScheduleStore => ({
  toApply: async (request) => (await listSchedulesToApply(db, request)).map(scheduledOf),
  scheduled: async (request) => (await listScheduledSyncs(db, request)).map(scheduledOf),
  markApplied: ({ id, revision }) => markScheduleApplied(db, { syncId: id, revision }),
});
