import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { getRun } from '../../libs/store/index.js';
import { CHILDREN, FamilyApi } from '../support/runs/family-api.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

const PARENTS = 800;
/** Of windows, not of how fast the machine is: those of other tests are so short that a slow machine counts their events. */
const WINDOW = { SLUICE_WINDOW_MS: '10000' };
const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;

interface State {
  use_global_cursor: boolean;
  states: { partition: { parent: number }; cursor: { at: string } }[];
  state: { at: string };
}

describe('a stream with a partition for each of many parents', () => {
  let world: RunWorld;
  let api: FamilyApi;
  let worker: ChildProcess;
  beforeAll(async () => {
    world = await RunWorld.create();
    api = await FamilyApi.start(PARENTS);
    worker = await world.startWorker({ ...world.allowing(api.target), ...WINDOW });
  }, 60_000);
  afterAll(async () => {
    await world?.close();
    await api?.close();
  });

  const stateOf = async (syncId: string): Promise<State> => {
    const { rows } = await world.destination.query<{ state: State }>('SELECT state FROM sluice.stream WHERE sync_id = $1', [
      syncId,
    ]);
    return rows[0]?.state as State;
  };

  it('is read once, goes on after kill -9, keeps a bounded history, and leaves a state for each parent', async () => {
    const streams = [{ name: 'children', mode: 'incremental_append' as const, table: 'children' }];
    const sync = await world.createManifestSync({ name: 'family', manifest: api.manifest, streams });
    const run = await world.start(sync);
    await world.untilRead(run, PARENTS / 2);
    await endWorker(worker, 'SIGKILL');
    expect((await world.rows('children')).count).toBeLessThan(PARENTS * CHILDREN);
    worker = await world.startWorker({ ...world.allowing(api.target), ...WINDOW });
    expect(await world.until(run, ended, 240_000)).toMatchObject({ state: 'succeeded', error: null });
    expect(await world.rows('children')).toEqual({
      count: PARENTS * CHILDREN,
      distinct: PARENTS * CHILDREN,
      min: CHILDREN,
      max: PARENTS * CHILDREN + CHILDREN - 1,
    });
    // What was read and not yet committed is read again, nothing else.
    expect(api.asked).toBeLessThan(PARENTS + 100);
    const { workflowId } = (await getRun(world.pool, { id: run })) ?? { workflowId: '' };
    const { historyLength } = await world.temporal.client.workflow.getHandle(workflowId).describe();
    expect(historyLength).toBeLessThan(PARENTS / 2);

    const state = await stateOf(sync);
    expect(state.use_global_cursor).toBe(false);
    expect(new Set(state.states.map(({ partition }) => partition.parent)).size).toBe(PARENTS);
    expect(state.states).toHaveLength(PARENTS);
    expect(state.state).toEqual({ at: '2024-03-28T00:00:00Z' });
  }, 300_000);

  it('is shared by the movers of two workers', async () => {
    // Two activities at a time each: the stream's four movers are more than one worker takes.
    const half = { ...world.allowing(api.target), ...WINDOW, SLUICE_WORKER_ACTIVITIES: '2' };
    await endWorker(worker);
    worker = await world.startWorker(half);
    const other = await world.startWorker(half);
    try {
      const streams = [{ name: 'children', mode: 'incremental_append' as const, table: 'shared' }];
      const sync = await world.createManifestSync({ name: 'shared', manifest: api.manifest, streams });
      const run = await world.start(sync);
      expect(await world.until(run, ended, 120_000)).toMatchObject({ state: 'succeeded', error: null });
      expect(await world.rows('shared')).toMatchObject({ count: PARENTS * CHILDREN, distinct: PARENTS * CHILDREN });
      const { workflowId } = (await getRun(world.pool, { id: run })) ?? { workflowId: '' };
      const { events } = await world.temporal.client.workflow.getHandle(workflowId).fetchHistory();
      const moves = new Set(
        events?.flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
          scheduled?.activityType?.name === 'moveChunks' ? [String(eventId)] : [],
        ),
      );
      const workers = events?.flatMap(({ activityTaskStartedEventAttributes: started }) =>
        started && moves.has(String(started.scheduledEventId)) ? [started.identity] : [],
      );
      expect(new Set(workers).size).toBe(2);
    } finally {
      await endWorker(other);
    }
  }, 150_000);

  it('keeps what a failed run completed, so that the next one asks those partitions for what is new only', async () => {
    const fewer = await FamilyApi.start(300);
    await endWorker(worker);
    worker = await world.startWorker(world.allowing(fewer.target));
    try {
      fewer.refusedAbove = 200;
      const streams = [{ name: 'children', mode: 'incremental_append' as const, table: 'fewer' }];
      const sync = await world.createManifestSync({ name: 'fewer', manifest: fewer.manifest, streams });
      expect(await world.until(await world.start(sync), ended, 90_000)).toMatchObject({ state: 'failed' });
      const completed = (await world.rows('fewer')).count / CHILDREN;
      expect(completed).toBeGreaterThan(100);
      expect(fewer.askedSince).toBe(0);

      fewer.refusedAbove = Infinity;
      const run = await world.start(sync);
      expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
      expect(await world.rows('fewer')).toMatchObject({ count: 300 * CHILDREN, distinct: 300 * CHILDREN });
      expect(fewer.askedSince).toBeGreaterThanOrEqual(completed);
      expect((await stateOf(sync)).states).toHaveLength(300);
    } finally {
      await fewer.close();
    }
  }, 240_000);
});
