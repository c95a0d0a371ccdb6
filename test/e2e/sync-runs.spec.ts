import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunWorld } from '../support/runs/run-world.js';

describe('a sync run on real Temporal and real PostgreSQL', () => {
  let world: RunWorld;
  beforeAll(async () => {
    world = await RunWorld.create();
    await world.startWorker();
  });
  afterAll(() => world?.close());

  it('lands every record once and tells so', async () => {
    const sync = await world.createSync({ source: { rows: 5_000, slices: 3 }, mode: 'incremental_append', table: 'plain' });
    const run = await world.start(sync);
    const ended = await world.until(run, ({ finishedAt }) => finishedAt !== null);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expect(await world.rows('plain')).toEqual({ count: 5_000, distinct: 5_000, min: 1, max: 5_000 });
  });
});
