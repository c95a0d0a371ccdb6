import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { childrenContract } from './destination-children.contract.js';
import { discardedChildrenContract } from './destination-discarded.contract.js';
import { TestStream, wholeRun } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

const makeWorld = async () => {
  const own = await postgresWorld();
  return { ...own, run: async (sql: string) => (await own.sql.query<Record<string, unknown>>(sql)).rows };
};
describe('child tables', () => childrenContract(makeWorld, { formats: ['records', 'json'], takesNul: false }));
describe('what is discarded of lists', () => discardedChildrenContract(makeWorld));

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
  destination = world.connect();
});
afterAll(async () => {
  await destination.close();
  await world.close();
});

const jsonSchema = {
  properties: {
    id: { type: 'integer' },
    at: { type: 'integer' },
    items: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } } } },
  },
};
const order = (id: number, at: number, items: unknown): SourceRecord => ({ id, at, items });

test('children of a parent that did not change, or that is newer than its record, are not written; shorter lists lose their last rows', async () => {
  const stream = new TestStream({
    mode: 'incremental_upsert',
    jsonSchema,
    cursorField: 'at',
    cursorOrder: 'number',
    childTables: ['items'],
  });
  await wholeRun(destination, stream, [
    order(1, 5, [{ sku: 'a' }, { sku: 'b' }]),
    order(2, 5, [{ sku: 'c' }]),
    order(3, 5, [{ sku: 'd' }, { sku: 'e' }]),
  ]);
  const versions = async () =>
    (await world.sql.query<{ sku: string }>(`SELECT sku, xmin::text FROM "${stream.target.table}__items" ORDER BY sku`)).rows;
  const before = await versions();
  const ref = await wholeRun(destination, stream, [
    order(1, 5, [{ sku: 'a' }, { sku: 'b' }]),
    order(2, 4, [{ sku: 'old' }, { sku: 'older' }]),
    order(3, 6, [{ sku: 'd' }]),
    order(3, 5, [{ sku: 'earlier' }]),
  ]);
  expect(await destination.inspect({ ref })).toMatchObject({ unchanged: 1, superseded: 1, updated: 1, deduplicated: 1 });
  expect(await versions()).toEqual(before.filter(({ sku }) => sku !== 'e'));
});
