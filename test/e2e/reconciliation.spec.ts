import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { syncWorkflowId } from '../../libs/contracts/workflows.js';
import { Reconciler } from '../../libs/runs/index.js';
import { getSync, insertRun } from '../../libs/store/index.js';
import { RunWorld } from '../support/runs/run-world.js';

const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;
const whole = (rows: number) => ({ count: rows, distinct: rows, min: 1, max: rows });

describe('store and Temporal are put right when they have come apart', () => {
  let world: RunWorld;
  const slow = { rows: 6_000, pauseMs: 30 };
  beforeAll(async () => {
    world = await RunWorld.create();
    await world.startWorker();
  });
  afterAll(() => world?.close());

  const handle = (run: string) => world.temporal.client.workflow.getHandle(syncWorkflowId(run));
  const goesOn = async (sync: string, table: string) => {
    const next = await world.start(sync);
    expect(await world.until(next, ended)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows(table)).toEqual(whole(6_000));
  };

  it.each(['incremental_append', 'incremental_upsert', 'full_refresh_overwrite'] as const)(
    'closes a run whose workflow was terminated, makes it harmless, and lets the next one go on: %s',
    async (mode) => {
      const table = `terminated_${mode}`;
      const sync = await world.createSync({ source: slow, mode, table });
      const run = await world.start(sync);
      await world.untilRead(run, 1_000);
      await handle(run).terminate('by a person');
      const lost = await world.until(run, ended);
      expect(lost).toMatchObject({ state: 'failed', error: { code: 'RUN_LOST' } });
      expect((await getSync(world.pool, { id: sync }))?.epoch).toBe(lost.epoch + 1);
      await goesOn(sync, table);
    },
  );

  it('closes a run whose workflow was reset, and stops what the reset would do again', async () => {
    const sync = await world.createSync({ source: slow, mode: 'incremental_append', table: 'reset' });
    const run = await world.start(sync);
    await world.untilRows(1_000, 'reset');
    const { client } = world.temporal;
    await client.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: syncWorkflowId(run) },
      reason: 'by a person',
      workflowTaskFinishEventId: 4 as never,
      requestId: randomUUID(),
    });
    expect(await world.until(run, ended)).toMatchObject({ state: 'failed', error: { code: 'RUN_LOST' } });
    await expect(handle(run).describe()).resolves.toMatchObject({ status: { name: 'TERMINATED' } });
    await goesOn(sync, 'reset');
  });

  it('starts a run that was inserted by an API which died before it could start its workflow', async () => {
    const sync = await world.createSync({ source: { rows: 6_000 }, mode: 'incremental_append', table: 'orphan' });
    const id = randomUUID();
    const { workspaceId, pool } = world;
    const request = { id, workspaceId, syncId: sync, lane: 'live', trigger: 'api' as const };
    await insertRun(pool, { ...request, workflowId: syncWorkflowId(id), scheduledFor: null, resets: [] });
    expect(await world.until(id, ended)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('orphan')).toEqual(whole(6_000));
  });

  it('leaves nothing active when Temporal is away at the start', async () => {
    const sync = await world.createSync({ source: { rows: 6_000 }, mode: 'incremental_append', table: 'away' });
    const { runs, workspaceId } = world.withTemporalAt('127.0.0.1:9');
    await expect(runs.start({ workspaceId, syncId: sync, trigger: 'api' })).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
    });
    await goesOn(sync, 'away');
  }, 90_000);

  it('judges no run while Temporal is away', async () => {
    const sync = await world.createSync({ source: slow, mode: 'incremental_append', table: 'unjudged' });
    const run = await world.start(sync);
    await world.untilRows(500, 'unjudged');
    const { temporal } = world.withTemporalAt('127.0.0.1:9');
    const said: string[] = [];
    const { pool, opener, secrets } = world;
    const log = (_level: string, message: string) => void said.push(message);
    await new Reconciler({ pool, temporal, opener, secrets, intervalMs: 1_000, startAfterMs: 0, log }).pass();
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded' });
  }, 90_000);
});

describe('schedules', () => {
  let world: RunWorld;
  beforeAll(async () => {
    world = await RunWorld.create();
    await world.startWorker();
  });
  afterAll(() => world?.close());
  const schedule = (overlap: 'skip' | 'wait') => ({
    cron: '0 0 1 1 *',
    timezone: 'Europe/Berlin',
    jitter_seconds: 0,
    overlap,
    paused: false,
  });

  it('start runs as REST does, record a skipped one when a run is active, and come back when Temporal lost them', async () => {
    const sync = await world.createSync({
      source: { rows: 8_000, pauseMs: 50 },
      mode: 'incremental_append',
      table: 'scheduled',
      schedule: schedule('skip'),
    });
    const handle = await world.untilSchedule(sync);
    const { spec } = await handle.describe();
    expect(spec.timezone).toBe('Europe/Berlin');
    await handle.trigger();
    const [first] = await world.untilRuns(sync, 1);
    // Two firings in one second would be one.
    const nextSecond = Math.floor(Date.now() / 1_000) + 1;
    while (Date.now() / 1_000 < nextSecond) await new Promise((resolve) => setTimeout(resolve, 20));
    await handle.trigger();
    const runs = await world.untilRuns(sync, 2);
    expect(runs.find(({ id }) => id !== first?.id)).toMatchObject({ state: 'skipped', trigger: 'schedule' });
    expect(await world.until(first?.id ?? '', ended)).toMatchObject({ state: 'succeeded', trigger: 'schedule' });
    await handle.delete();
    await (await world.untilSchedule(sync)).describe();
  });

  it('wait for the active run when told so', async () => {
    const sync = await world.createSync({
      source: { rows: 3_000, pauseMs: 50 },
      mode: 'incremental_append',
      table: 'waited',
      schedule: schedule('wait'),
    });
    const run = await world.start(sync);
    await (await world.untilSchedule(sync)).trigger();
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded' });
    const second = (await world.untilRuns(sync, 2)).find(({ id }) => id !== run);
    expect(await world.until(second?.id ?? '', ended)).toMatchObject({ state: 'succeeded', trigger: 'schedule' });
  });
});
