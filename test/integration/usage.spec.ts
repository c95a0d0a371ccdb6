import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { CallSample } from '../../libs/contracts/call-meter.port.js';
import {
  createPool,
  getDefaultWorkspaceId,
  lostUsage,
  migrate,
  sumUsage,
  tidyUsage,
  type Db,
  type Pool,
} from '../../libs/store/index.js';
import { summariseUsage, UsageMeter } from '../../libs/usage/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pool: Pool;
let workspaceId: string;

beforeAll(async () => {
  database = await createTestDatabase('usage');
  await migrate(database.url);
  pool = createPool(database.url);
  workspaceId = await getDefaultWorkspaceId(pool);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const NEVER_MS = 3_600_000;
const NOW = Date.now();
const fail = (): void => undefined;

const call = (connectionId: string, more: Partial<CallSample> = {}): CallSample => ({
  caller: { workspaceId, connectionId, connector: 'shop' },
  operation: { kind: 'stream', name: 'orders' },
  ...{
    host: 'shop.test',
    atMs: NOW,
    outcome: '2xx',
    status: 200,
    latencyMs: 10,
    waitedMs: 0,
    bytesOut: 1,
    bytesIn: 100,
    attempt: 1,
  },
  ...more,
});

const usage = async (connectionId: string, groupBy: Parameters<typeof sumUsage>[1]['groupBy'] = ['connection']) => {
  const range = { from: new Date(NOW - 90 * 86_400_000), to: new Date(NOW + 86_400_000) };
  return sumUsage(pool, { workspaceId, groupBy, ...range, connectionId, connector: null, operation: null, limit: 100 });
};
const meter = (db: Db = pool, onError = fail) => new UsageMeter({ db, flushEveryMs: NEVER_MS, onError });

test('what several processes count adds up, by outcome, bytes, waiting and latency', async () => {
  const connection = randomUUID();
  const meters = [meter(), meter(), meter()];
  for (const [index, one] of meters.entries())
    for (let i = 0; i < 200; i++) {
      one.record(call(connection, { latencyMs: i < 190 ? 10 : 1_000, waitedMs: 5, attempt: i % 10 === 0 ? 2 : 1 }));
      if (i < 10 * index) one.record(call(connection, { outcome: '5xx', status: 503, bytesIn: 0, latencyMs: 10 }));
    }
  meters[0]?.record(call(connection, { outcome: 'held', status: null, waitedMs: 15_000 }));
  await Promise.all(meters.map((one) => one.close()));
  const [sum] = await usage(connection);
  expect(sum).toMatchObject({ outcomes: { '2xx': 600, '5xx': 30, held: 1 }, bytesIn: 60_000, bytesOut: 630, retries: 60 });
  const summary = summariseUsage(sum as NonNullable<typeof sum>);
  expect(summary).toMatchObject({ calls: 630, errors: { '5xx': 30 }, errorRate: 0.0476, held: 1, throttledSeconds: 18 });
  expect([summary.p50, summary.p95, summary.p99]).toEqual([summary.p50, summary.p50, summary.p99]);
  expect(Math.abs((summary.p50 as number) - 10)).toBeLessThan(1);
  expect(Math.abs((summary.p99 as number) - 1_000)).toBeLessThan(100);
});

test('a batch whose answer was lost is written again and counts once; nothing that was counted meanwhile is lost', async () => {
  const connection = randomUUID();
  const failures: unknown[] = [];
  let trouble: 'before' | 'after' | 'none' = 'after';
  const unsure: Db = {
    async query(text, values) {
      if (trouble === 'before') throw new Error('the store is away');
      const done = await pool.query(text, values);
      if (trouble === 'after') throw new Error('the connection ended before the answer');
      return done as never;
    },
  };
  const one = meter(unsure, (error?: unknown) => void failures.push(error));
  one.record(call(connection));
  await one.flush();
  one.record(call(connection));
  trouble = 'before';
  await one.flush();
  one.record(call(connection));
  trouble = 'none';
  await one.close();
  expect(failures).toHaveLength(2);
  expect((await usage(connection))[0]?.outcomes).toEqual({ '2xx': 3 });
});

test('memory is bounded: calls that do not fit are counted as lost', async () => {
  const connection = randomUUID();
  const one = meter();
  for (let i = 0; i < 5_007; i++) one.record(call(connection, { operation: { kind: 'action', name: `a${i}` } }));
  await one.close();
  expect((await usage(connection))[0]?.outcomes).toEqual({ '2xx': 5_000 });
  const range = { from: new Date(NOW - 60_000), to: new Date(NOW + 3_600_000) };
  expect(await lostUsage(pool, { workspaceId, ...range })).toBe(7);
});

test('old minutes become hours with the same sums, and very old hours go', async () => {
  const connection = randomUUID();
  const one = meter();
  const hour = Math.floor((NOW - 72 * 3_600_000) / 3_600_000) * 3_600_000;
  for (let minute = 0; minute < 60; minute++)
    for (let i = 0; i < 5; i++) one.record(call(connection, { atMs: hour + minute * 60_000 + i, latencyMs: 1 + minute * i }));
  one.record(call(connection, { atMs: hour - 60 * 86_400_000 }));
  one.record(call(connection));
  await one.close();
  const before = await usage(connection, ['hour', 'operation']);
  await Promise.all([tidyUsage(pool, { days: 30 }), tidyUsage(pool, { days: 30 })]);
  const after = await usage(connection, ['hour', 'operation']);
  expect(after).toEqual(before.slice(1));
  expect(after.map(({ outcomes }) => outcomes)).toEqual([{ '2xx': 300 }, { '2xx': 1 }]);
  const { rows } = await pool.query(
    'SELECT span, count(*) AS n FROM control.usage WHERE connection_id = $1 GROUP BY 1 ORDER BY 1',
    [connection],
  );
  expect(rows).toEqual([
    { span: 'hour', n: 1 },
    { span: 'minute', n: 1 },
  ]);
});
