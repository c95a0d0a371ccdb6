import { describe, expect, test } from '@jest/globals';
import { commitChunk, item, items, slice, TestStream, wholeRun } from './destination-world.js';
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

test('rows that a chunk does not change are not waited for while somebody else has them', async () => {
  const world = await postgresWorld();
  const destination = world.connect();
  try {
    const stream = new TestStream({ mode: 'incremental_upsert' });
    await wholeRun(destination, stream, items(1, 9));
    await world.sql.query(`BEGIN; SELECT FROM "${stream.target.table}" WHERE id < 9 FOR UPDATE`);
    const ref = stream.nextRun();
    const { target } = stream;
    await destination.prepare({ ref, target });
    const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
    await commitChunk(writer, [...items(1, 8), item(9, 20, 'changed')], 9);
    await writer.complete(null, () => null);
    await writer.close();
    await world.sql.query('ROLLBACK');
    expect(await destination.inspect({ ref })).toMatchObject({ read: 9, unchanged: 8, updated: 1 });
  } finally {
    await destination.close();
    await world.close();
  }
});
