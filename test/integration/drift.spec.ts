import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../libs/contracts/json.js';
import { DriftLog } from '../../libs/drift/index.js';
import { createSecretBox } from '../../libs/secrets/index.js';
import {
  createPool,
  getDefaultWorkspaceId,
  insertConnection,
  listDrift,
  migrate,
  type DriftSubject,
  type Pool,
} from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pool: Pool;
let workspaceId: string;
const secrets = createSecretBox({ current: Buffer.alloc(32, 1) });

beforeAll(async () => {
  database = await createTestDatabase('drift');
  await migrate(database.url);
  pool = createPool(database.url);
  workspaceId = await getDefaultWorkspaceId(pool);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

async function subject(kind: DriftSubject['kind'], operation: string): Promise<DriftSubject> {
  const connectionId = randomUUID();
  await insertConnection(pool, {
    ...{ id: connectionId, workspaceId, name: connectionId, connector: 'shop', config: {}, secrets: null, budget: null },
  });
  return { workspaceId, connectionId, kind, operation };
}
/** A process that looks at whatever it is given. */
function log(onError = (error: unknown): void => expect(error).toBeUndefined()) {
  let now = 0;
  const drifts = new DriftLog({ pool, secrets, onError, nowMs: () => (now += 60_000) });
  return async (of: DriftSubject, schema: JsonObject, records: readonly unknown[]) => {
    drifts.look(of, schema, () => records);
    await drifts.close();
  };
}
const seen = async ({ connectionId }: DriftSubject) =>
  (await listDrift(pool, { workspaceId, connectionId, limit: 1_000 })).map(({ change, pointer, found, records }) =>
    [change, pointer, found, records].join(' '),
  );
async function events(): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM control.event WHERE type = 'schema.drift'`);
  return rows[0]?.n ?? 0;
}
const schema = {
  type: 'object',
  properties: { id: { type: 'integer' }, name: { type: 'string' }, note: { type: 'string' }, state: { enum: ['open'] } },
} as unknown as JsonObject;
const many = (record: (n: number) => object, count = 30) => Array.from({ length: count }, (_, n) => record(n));

test('a field that every record had and none has any more is missing, in every process; one that only some had is not', async () => {
  const orders = await subject('stream', 'orders');
  const look = log();
  await look(
    orders,
    schema,
    many((n) => ({ id: n, name: 'x', ...(n % 2 === 0 ? { note: 'y' } : {}) })),
  );
  expect(await seen(orders)).toEqual([]);
  // Too few to say.
  await look(
    orders,
    schema,
    many((n) => ({ id: n }), 5),
  );
  expect(await seen(orders)).toEqual([]);
  await look(
    orders,
    schema,
    many((n) => ({ id: n })),
  );
  await log()(
    orders,
    schema,
    many((n) => ({ id: n })),
  );
  expect(await seen(orders)).toEqual(['missing_field /name  60']);
});

test('what some records do not have any more was not always there, from then on', async () => {
  const orders = await subject('stream', 'customers');
  const look = log();
  await look(
    orders,
    schema,
    many((n) => ({ id: n, name: 'x' })),
  );
  await look(
    orders,
    schema,
    many((n) => ({ id: n, ...(n === 3 ? {} : { name: 'x' }) })),
  );
  await look(
    orders,
    schema,
    many((n) => ({ id: n })),
  );
  expect(await seen(orders)).toEqual([]);
});

test('a change is counted, is an event once for all connections of a connector, and shows no value', async () => {
  const [one, other] = [await subject('action', 'pay'), await subject('action', 'pay')];
  const before = await events();
  const results = [{ id: 1, state: 'closed', extra: 'secret' }];
  for (const called of [one, one, other]) await log()(called, schema, results);
  expect(await seen(one)).toEqual(['new_field /extra  2', 'new_enum_value /state closed 2']);
  expect(await seen(other)).toEqual(['new_field /extra  1', 'new_enum_value /state closed 1']);
  expect((await events()) - before).toBe(2);
  await log()(one, schema, [{ id: 1, state: 'ann@example.com' }]);
  const { rows } = await pool.query<{ all: string }>('SELECT jsonb_agg(d)::text AS all FROM control.drift AS d');
  expect(rows[0]?.all).toContain('new_enum_value');
  expect(rows[0]?.all).not.toMatch(/secret|ann@/);
});

test('of an operation two hundred changes are kept, and known ones are still counted', async () => {
  const odd = await subject('stream', 'odd');
  const look = log();
  for (let batch = 0; batch < 6; batch++)
    await look(odd, schema, [Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${batch}_${n}`, 1]))]);
  expect(await seen(odd)).toHaveLength(200);
  await look(odd, schema, [{ f0_0: 1 }, { f0_0: 1 }]);
  expect(await seen(odd)).toContain('new_field /f0_0  3');
});

test('what cannot be stored is told, and nobody else is disturbed', async () => {
  const failures: unknown[] = [];
  const look = log((error) => failures.push(error));
  const nowhere: DriftSubject = { workspaceId: randomUUID(), connectionId: randomUUID(), kind: 'stream', operation: 'x' };
  await look(
    nowhere,
    schema,
    many((n) => ({ id: n, name: 'x' })),
  );
  expect(failures).toHaveLength(1);
});
