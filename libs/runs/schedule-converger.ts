import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client, type ScheduleOptions } from '@temporalio/client';
import type { TemporalClient } from '../temporal/temporal-client.js';

const BATCH = 100;

/** What has schedules: syncs, flows. `options` is null where there should be none. */
export interface Scheduled {
  id: string;
  scheduleRevision: number;
  scheduleId: string;
  options: ScheduleOptions | null;
}

/** Where they are stored. */
export interface ScheduleStore {
  /** Those, deleted ones included, whose schedule Temporal does not have yet. */
  toApply(request: { limit: number }): Promise<Scheduled[]>;
  /** Those that should have one, by id. `after`: the last id seen. */
  scheduled(request: { limit: number; after: string | null }): Promise<Scheduled[]>;
  markApplied(request: { id: string; revision: number }): Promise<void>;
}

/** Makes Temporal's schedules what the store says: changed ones are applied, and those that Temporal lost are made again. */
export class ScheduleConverger {
  constructor(
    private readonly store: ScheduleStore,
    private readonly temporal: TemporalClient,
  ) {}

  async converge(): Promise<void> {
    await this.applyChanges();
    await this.restoreLost();
  }

  private async applyChanges(): Promise<void> {
    for (const one of await this.store.toApply({ limit: BATCH })) {
      const { options } = one;
      await this.temporal.call((client) => (options === null ? remove(client, one) : put(client, options)));
      await this.store.markApplied({ id: one.id, revision: one.scheduleRevision });
    }
  }

  private async restoreLost(): Promise<void> {
    let some = await this.store.scheduled({ limit: BATCH, after: null });
    if (some.length === 0) return;
    const present = await this.temporal.call(listIds);
    for (; some.length > 0; some = await this.store.scheduled({ limit: BATCH, after: some.at(-1)?.id ?? null }))
      for (const { options, scheduleId } of some)
        if (options !== null && !present.has(scheduleId)) await this.temporal.call((client) => create(client, options));
  }
}

async function listIds(client: Client): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { scheduleId } of client.schedule.list()) ids.add(scheduleId);
  return ids;
}

/** Temporal's list lags behind: that the schedule exists is no error. */
async function create(client: Client, options: ScheduleOptions): Promise<boolean> {
  try {
    await client.schedule.create(options);
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

async function put(client: Client, options: ScheduleOptions): Promise<void> {
  if (await create(client, options)) return;
  const { spec, action, policies, state } = options;
  await client.schedule
    .getHandle(options.scheduleId)
    .update(() => ({ spec, action, policies: policies ?? {}, state: state ?? {} }));
}

async function remove(client: Client, { scheduleId }: Scheduled): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
