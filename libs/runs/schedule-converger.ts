import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client } from '@temporalio/client';
import { scheduleId } from '../contracts/workflows.js';
import { listScheduledSyncs, listSchedulesToApply, markScheduleApplied, type Db, type SyncRow } from '../store/index.js';
import type { TemporalClient } from '../temporal/temporal-client.js';
import { scheduleOptions } from './schedule-options.js';

const BATCH = 100;

/** Makes Temporal's schedules what the store says: changed ones are applied, and those that Temporal lost are made again. */
export class ScheduleConverger {
  constructor(
    private readonly db: Db,
    private readonly temporal: TemporalClient,
  ) {}

  async converge(): Promise<void> {
    await this.applyChanges();
    await this.restoreLost();
  }

  private async applyChanges(): Promise<void> {
    for (const sync of await listSchedulesToApply(this.db, { limit: BATCH })) {
      await this.temporal.call((client) => (sync.schedule === null ? remove(client, sync) : put(client, sync)));
      await markScheduleApplied(this.db, { syncId: sync.id, revision: sync.scheduleRevision });
    }
  }

  private async restoreLost(): Promise<void> {
    let syncs = await listScheduledSyncs(this.db, { limit: BATCH, after: null });
    if (syncs.length === 0) return;
    const present = await this.temporal.call(listIds);
    for (; syncs.length > 0; syncs = await listScheduledSyncs(this.db, { limit: BATCH, after: syncs.at(-1)?.id ?? null }))
      for (const sync of syncs) if (!present.has(scheduleId(sync.id))) await this.temporal.call((client) => create(client, sync));
  }
}

async function listIds(client: Client): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { scheduleId } of client.schedule.list()) ids.add(scheduleId);
  return ids;
}

/** Temporal's list lags behind: that the schedule exists is no error. */
async function create(client: Client, sync: SyncRow): Promise<boolean> {
  if (sync.schedule === null) return true;
  try {
    await client.schedule.create(scheduleOptions(sync, sync.schedule));
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

async function put(client: Client, sync: SyncRow): Promise<void> {
  const { schedule } = sync;
  if (schedule === null || (await create(client, sync))) return;
  const { spec, action, policies, state } = scheduleOptions(sync, schedule);
  await client.schedule
    .getHandle(scheduleId(sync.id))
    .update(() => ({ spec, action, policies: policies ?? {}, state: state ?? {} }));
}

async function remove(client: Client, sync: SyncRow): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId(sync.id)).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
