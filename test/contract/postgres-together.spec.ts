import { describe, expect, test } from '@jest/globals';
import { items, TestStream, wholeRun } from './destination-world.js';
import { postgresWorld } from './postgres-world.js';

const SYNCS = 8;

describe('syncs that begin at the same moment in a database that Sluice has never seen', () => {
  test.each([1, 2, 3, 4, 5])('all make what they need and load, round %i', async () => {
    const world = await postgresWorld();
    const destinations = Array.from({ length: SYNCS }, () => world.connect());
    try {
      const outcomes = await Promise.allSettled(
        destinations.map(async (destination) => {
          const stream = new TestStream({ mode: 'incremental_append' });
          stream.target.namespace = 'together';
          await wholeRun(destination, stream, items(1, 3));
        }),
      );
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
      const { rows } = await world.sql.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'together'`);
      expect(rows).toHaveLength(SYNCS);
    } finally {
      await Promise.all(destinations.map((destination) => destination.close()));
      await world.close();
    }
  });
});
