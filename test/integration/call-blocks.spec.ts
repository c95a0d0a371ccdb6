import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CallBlocks } from '../../apps/api/http/call-blocks.js';
import * as store from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pool: store.Pool;
let statements = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await store.migrate(database.url);
  pool = store.createPool(database.url);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const counted: store.Db = {
  query: (text, values) => {
    statements += 1;
    return pool.query(text, values);
  },
};

async function take(blocks: CallBlocks, limit: { subject: string; perMinute: number }, calls: number): Promise<number> {
  let left = calls;
  let allowed = 0;
  const lane = async (): Promise<void> => {
    while (left-- > 0) if ((await blocks.take(limit)).isAllowed) allowed += 1;
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  return allowed;
}

test('processes allow no more than the limit together, with a statement for many calls', async () => {
  const limit = { subject: 'hook:many', perMinute: 6_000 };
  const processes = [new CallBlocks(counted), new CallBlocks(counted), new CallBlocks(counted)];
  statements = 0;
  const begun = Date.now();
  const allowed = await Promise.all(processes.map((blocks) => take(blocks, limit, 4_000)));
  const total = allowed.reduce((sum, one) => sum + one, 0);
  // Calls come back while it runs.
  expect(total).toBeLessThanOrEqual(6_000 + Math.ceil((Date.now() - begun) / 10) + 1);
  expect(total).toBeGreaterThanOrEqual(6_000);
  expect(statements).toBeLessThan(600);
});

test('a limit that was refused is not asked about again before something can have come back', async () => {
  let now = 1_000_000;
  const blocks = new CallBlocks(counted, () => now);
  const limit = { subject: 'hook:few', perMinute: 2 };
  expect(await take(blocks, limit, 3)).toBe(2);
  statements = 0;
  const refused = await blocks.take(limit);
  expect(refused).toMatchObject({ isAllowed: false, remaining: 0 });
  now += 10_000;
  const later = await blocks.take(limit);
  expect(later.isAllowed).toBe(false);
  expect(refused.retryInMs - later.retryInMs).toBe(10_000);
  expect(statements).toBe(0);
  expect(await blocks.take({ ...limit, perMinute: 60_000 })).toMatchObject({ isAllowed: true });
});

test('what a process holds it gives up after a minute, and it throws what the store throws', async () => {
  let now = 1_000_000;
  const blocks = new CallBlocks(counted, () => now);
  const limit = { subject: 'hook:held', perMinute: 600 };
  statements = 0;
  for (let n = 0; n < 5; n += 1) expect(await blocks.take(limit)).toMatchObject({ isAllowed: true, remaining: 599 - n });
  expect(statements).toBe(1);
  now += 60_001;
  await blocks.take(limit);
  expect(statements).toBe(2);
  const away = new CallBlocks({ query: () => Promise.reject(new Error('away')) });
  await expect(away.take(limit)).rejects.toThrow('away');
});
