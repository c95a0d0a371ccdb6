import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
beforeAll(async () => {
  world = await postgresWorld();
});
afterAll(() => world?.close());

const target: StreamTarget = {
  ...{ namespace: 'public', table: 'orders', mode: 'incremental_append', primaryKey: [], cursorField: 'at', cursorOrder: 'text' },
  ...{ resume: 'exact', jsonSchema: { type: 'object', properties: { id: { type: 'integer' }, at: { type: 'string' } } } },
};
const ref = (syncId: string, epoch: number): StreamRef => ({
  ...{ installation: 'i', syncId, stream: 'orders', lane: 'live', runId: `${syncId}-${epoch}`, epoch },
});

test('a deleted sync gives its table up with its rows, and its old run is refused', async () => {
  const destination = world.connect();
  try {
    await destination.prepare({ ref: ref('a', 1), target });
    await world.sql.query('INSERT INTO orders (id) VALUES (1)');
    await expect(destination.prepare({ ref: ref('b', 1), target })).rejects.toMatchObject({ code: 'TABLE_OWNED' });
    await destination.release({ installation: 'i', syncId: 'a', epoch: 2 });
    await destination.release({ installation: 'i', syncId: 'a', epoch: 2 });
    await expect(destination.prepare({ ref: ref('a', 1), target })).rejects.toMatchObject({ code: 'STALE_RUN' });
    await destination.prepare({ ref: ref('b', 1), target });
    expect(await world.rows('orders')).toMatchObject([{ id: 1 }]);
  } finally {
    await destination.close();
  }
});
