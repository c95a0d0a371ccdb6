import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { PgBudgetGate } from '../../libs/budget/index.js';
import type { BudgetAccount, BudgetShare } from '../../libs/contracts/budget.port.js';
import type { BudgetLimit } from '../../libs/contracts/budget.schema.js';
import { createPool, getDefaultWorkspaceId, migrate, type Pool } from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let control: Pool;
let workspaceId: string;
const gates: PgBudgetGate[] = [];
const pools: pg.Pool[] = [];
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await createTestDatabase('shares');
  await migrate(database.url);
  control = createPool(database.url);
  workspaceId = await getDefaultWorkspaceId(control);
});
afterEach(async () => {
  await Promise.all(gates.splice(0).map((gate) => gate.close()));
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});
afterAll(async () => {
  await control?.end();
  await database?.drop();
});

/** A worker's gate: its own pool, its own listener. */
function worker(): PgBudgetGate {
  const pool = new pg.Pool({ connectionString: database.url, max: 10 });
  pools.push(pool);
  const gate = new PgBudgetGate({ pool });
  gates.push(gate);
  return gate;
}
const account = (...limits: BudgetLimit[]): BudgetAccount => ({
  ...{ workspaceId, host: 'api.test', account: randomUUID(), limits },
});
const rate: BudgetLimit = { kind: 'rate', name: 'rate', points: 60, period_seconds: 1, burst: 5 };

/** Two syncs, each with movers on two workers, until `total` calls were let go; what each got after `skip` of them. */
async function race(
  to: BudgetAccount,
  { total, skip = 0, onCall }: { total: number; skip?: number; onCall?: (n: number) => void },
) {
  const workers = [worker(), worker()];
  const heavy: BudgetShare = { name: randomUUID(), weight: 3 };
  const light: BudgetShare = { name: randomUUID(), weight: 1 };
  const got = { heavy: 0, light: 0 };
  let calls = 0;
  const mover = async (gate: PgBudgetGate, share: BudgetShare): Promise<void> => {
    while (calls < total) {
      const permit = await gate.acquire({ account: to, class: 'batch', share, maxWaitMs: 60_000, signal });
      if (++calls > skip && calls <= total) got[share === heavy ? 'heavy' : 'light']++;
      onCall?.(calls);
      await permit.settle({ status: 200, headers: {} });
    }
  };
  await Promise.all(workers.flatMap((gate) => [heavy, light].flatMap((share) => [mover(gate, share), mover(gate, share)])));
  return got;
}

test('two syncs at weights 3 and 1 over two workers get calls 3 to 1, and an action waits for neither', async () => {
  const shared = account(rate);
  const actions = worker();
  let made = 0;
  let acting = Promise.resolve();
  // At once or not at all: an action that had to wait would be refused.
  const act = async (): Promise<void> => {
    const permit = await actions.acquire({ account: shared, class: 'interactive', maxWaitMs: 0, signal });
    await permit.settle({ status: 200, headers: {} });
  };
  const got = await race(shared, {
    ...{ total: 220, skip: 20 },
    onCall: (n) => {
      // One after another: they share their own reserve too.
      if (n % 20 === 0) acting = acting.then(act).then(() => void made++);
    },
  });
  await acting;
  expect(made).toBeGreaterThanOrEqual(11);
  expect(got.heavy + got.light).toBe(200);
  expect(got.heavy / got.light).toBeGreaterThan(2.7);
  expect(got.heavy / got.light).toBeLessThan(3.3);
});

test('slots are shared by weight too', async () => {
  const got = await race(account({ kind: 'concurrency', name: 'slots', max: 1 }), { total: 120, skip: 20 });
  expect(got.heavy / got.light).toBeGreaterThan(2.7);
  expect(got.heavy / got.light).toBeLessThan(3.3);
});

test('a sync that comes later begins where those that wait are, and waits for them only while they wait', async () => {
  const shared = account(rate);
  const [a, b] = [worker(), worker()];
  const take = async (gate: PgBudgetGate, name: string, maxWaitMs: number): Promise<void> => {
    const permit = await gate.acquire({ account: shared, class: 'batch', share: { name, weight: 1 }, maxWaitMs, signal });
    await permit.settle({ status: 200, headers: {} });
  };
  const firstWaits = (until: string) =>
    control.query(`UPDATE control.budget_share SET waiting_until = now() + $1::interval WHERE share = 'first'`, [until]);
  for (let i = 0; i < 60; i++) await take(a, 'first', 60_000);
  await firstWaits('1 hour');
  await take(b, 'second', 60_000);
  const { rows } = await control.query<{ share: string; spent: number }>(
    `SELECT share, spent FROM control.budget_share WHERE share IN ('first', 'second') ORDER BY share`,
  );
  expect(rows.map(({ share }) => share)).toEqual(['first', 'second']);
  const [first, second] = rows.map(({ spent }) => spent) as [number, number];
  expect(first).toBeGreaterThanOrEqual(60);
  expect(second).toBe(first + 1);
  await expect(take(b, 'second', 0)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await firstWaits('-1 second');
  await take(b, 'second', 60_000);
});
