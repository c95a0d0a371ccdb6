import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { listBudgets, PgBudgetGate } from '../../libs/budget/index.js';
import type { BudgetAccount, BudgetPermit } from '../../libs/contracts/budget.port.js';
import type { BudgetLimit } from '../../libs/contracts/budget.schema.js';
import { createPool, migrate } from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let control: pg.Pool;
let workspaceId: string;
const gates: PgBudgetGate[] = [];
const pools: pg.Pool[] = [];
const signal = new AbortController().signal;

/** A worker's gate: its own pool, its own listener. */
function worker(options: { leaseMs?: number; onError?: (error: unknown) => void } = {}): PgBudgetGate {
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pools.push(pool);
  const gate = new PgBudgetGate({ pool, ...options });
  gates.push(gate);
  return gate;
}

const account = (...limits: BudgetLimit[]): BudgetAccount => ({
  workspaceId,
  host: 'api.test',
  account: `api.test:${randomUUID()}`,
  limits,
});
const perSecond = (points: number, burst: number): BudgetLimit => ({
  kind: 'rate',
  name: 'rate',
  points,
  period_seconds: 1,
  burst,
});
const slots = (max: number): BudgetLimit => ({ kind: 'concurrency', name: 'slots', max });
const ask = (
  gate: PgBudgetGate,
  to: BudgetAccount,
  maxWaitMs = 10_000,
  cls: 'batch' | 'interactive' = 'batch',
): Promise<BudgetPermit> => gate.acquire({ account: to, class: cls, maxWaitMs, signal });

beforeAll(async () => {
  database = await createTestDatabase('budget');
  await migrate(database.url);
  control = createPool(database.url);
  const { rows } = await control.query<{ id: string }>('SELECT id FROM control.workspace');
  workspaceId = rows[0]?.id ?? '';
});
afterAll(async () => {
  await control.end();
  await database.drop();
});
beforeEach(() => {
  gates.length = 0;
  pools.length = 0;
});
afterEach(async () => {
  await Promise.all(gates.map((gate) => gate.close()));
  await Promise.all(pools.map((pool) => pool.end()));
});

test('two workers share a rate: together never more than burst + rate·t calls start', async () => {
  const shared = account(perSecond(50, 10));
  const started: number[] = [];
  const call = async (gate: PgBudgetGate): Promise<void> => {
    const permit = await ask(gate, shared);
    started.push(performance.now());
    await permit.settle({ status: 200, headers: {} });
  };
  const loop = async (gate: PgBudgetGate): Promise<void> => {
    for (let i = 0; i < 10; i++) await call(gate);
  };
  const [a, b] = [worker(), worker()];
  await Promise.all([a, a, a, a, b, b, b, b].map(loop));
  started.sort((x, y) => x - y);
  expect(started).toHaveLength(80);
  started.forEach((from, i) =>
    started.slice(i).forEach((to, j) => {
      // 40 ms for the way from the database's decision to this clock
      expect(j + 1).toBeLessThanOrEqual(10 + ((to - from + 40) / 1000) * 50 + 1);
    }),
  );
  const [view] = await budgetsOf(shared);
  expect(view?.limits[0]).toMatchObject({ kind: 'rate', allowed: 10, points: 50, periodSeconds: 1 });
});

test('a hot account leases points ahead: far fewer statements than calls', async () => {
  const hot = account(perSecond(2_000, 1_000));
  const gate = worker();
  let statements = 0;
  pools[0]?.on('acquire', () => statements++);
  for (let i = 0; i < 500; i++) await (await ask(gate, hot)).settle({ status: 200, headers: {} });
  expect(statements).toBeLessThan(250);
});

test('an account without limits costs no statement per call', async () => {
  const free = account();
  const gate = worker();
  await ask(gate, free);
  let statements = 0;
  pools[0]?.on('acquire', () => statements++);
  for (let i = 0; i < 500; i++) await (await ask(gate, free)).settle({ status: 200, headers: {} });
  expect(statements).toBe(0);
});

test('a 429 seen by one worker holds back the others within a second, also without declared limits, and until its time only', async () => {
  const free = account();
  const [a, b] = [worker(), worker()];
  const first = await ask(a, free);
  await (await ask(b, free, 0)).settle({ status: 200, headers: {} });
  const refusedAt = performance.now();
  await first.settle({ status: 429, headers: { 'retry-after': '2' } });
  await untilRefused(b, free);
  expect(performance.now() - refusedAt).toBeLessThan(1_000);
  await expect(ask(a, free, 0)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  const [view] = await budgetsOf(free);
  expect(view?.blockedUntil).toBeInstanceOf(Date);

  await ask(b, free, 5_000);
  expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(1_990);
  expect(performance.now() - refusedAt).toBeLessThan(3_500);
});

test('a worker that starts during a block knows of it before its first call', async () => {
  const free = account();
  await (await ask(worker(), free)).settle({ status: 429, headers: { 'retry-after': '30' } });
  const error = await ask(worker(), free, 0).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'RATE_LIMITED' });
  const { retryAt = 0 } = error as { retryAt?: number };
  expect(retryAt - Date.now()).toBeGreaterThan(28_000);
  expect(retryAt - Date.now()).toBeLessThan(31_000);
});

test('a worker whose listener was cut off still learns of a 429 within a second or so', async () => {
  const free = account();
  const [a, b] = [worker(), worker()];
  await ask(b, free);
  await control.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice-budget-listener' AND datname = current_database()`,
  );
  const refusedAt = performance.now();
  await (await ask(a, free)).settle({ status: 429, headers: { 'retry-after': '20' } });
  await untilRefused(b, free);
  expect(performance.now() - refusedAt).toBeLessThan(2_000);
});

test('after a 429 a declared account starts again empty', async () => {
  const limited = account(perSecond(10, 10));
  const gate = worker();
  const first = await ask(gate, limited);
  const refusedAt = performance.now();
  await first.settle({ status: 429, headers: { 'retry-after': '1' } });
  for (let i = 0; i < 4; i++) await ask(gate, limited);
  // one point at T, then one each tenth of a second: the burst of ten does not come back
  expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(1_290);
});

test('an exhausted window of a success holds the account back until it resets', async () => {
  const free = account();
  const [a, b] = [worker(), worker()];
  await ask(b, free);
  await (await ask(a, free)).settle({ status: 200, headers: { ratelimit: '"default";r=0;t=60' } });
  await untilRefused(b, free);
  const [view] = await budgetsOf(free);
  expect(view?.observed?.windows).toMatchObject([{ name: 'default', remaining: 0 }, { name: 'concurrency' }]);
});

test('concurrency: a slot that is settled goes to the next, whatever worker it is in', async () => {
  const limited = account(slots(2));
  const [a, b] = [worker(), worker()];
  const held = [await ask(a, limited), await ask(a, limited)];
  await expect(ask(b, limited, 100)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect((await budgetsOf(limited))[0]?.limits).toEqual([
    { kind: 'concurrency', name: 'slots', allowed: 2, used: 2, remaining: 0 },
  ]);
  const waiting = ask(b, limited);
  await held[0]?.settle({ status: 200, headers: {} });
  await (await waiting).settle({ status: 200, headers: {} });
});

test('concurrency: the slots of a dead worker come free when their lease runs out; those of a living one are renewed', async () => {
  const limited = account(slots(1));
  const dead = worker({ leaseMs: 1_000 });
  await ask(dead, limited);
  // its renewals end as if it had been killed
  await control.query(`UPDATE control.budget_lease SET lease_id = gen_random_uuid()`);
  const living = worker({ leaseMs: 1_000 });
  const since = performance.now();
  const permit = await ask(living, limited);
  expect(performance.now() - since).toBeLessThan(3_000);
  await expect(ask(worker(), limited, 2_500)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await permit.settle({ status: null, headers: {} });
  await ask(worker(), limited, 2_500);
});

test('batch callers leave a share to interactive ones', async () => {
  const limited = account({ kind: 'rate', name: 'rate', points: 10, period_seconds: 600, burst: 10 });
  const gate = worker();
  for (let i = 0; i < 8; i++) await ask(gate, limited, 0);
  await expect(ask(gate, limited, 0)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  for (let i = 0; i < 2; i++) await ask(gate, limited, 0, 'interactive');
  await expect(ask(gate, limited, 0, 'interactive')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
});

test('of several limits none is charged when one refuses', async () => {
  const limited = account(
    { kind: 'rate', name: 'minute', points: 100, period_seconds: 60 },
    { kind: 'rate', name: 'hour', points: 1, period_seconds: 3_600, burst: 1 },
  );
  const gate = worker();
  await ask(gate, limited, 0);
  for (let i = 0; i < 3; i++) await expect(ask(gate, limited, 0)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect((await budgetsOf(limited))[0]?.limits.map((limit) => limit.used)).toEqual([1, 1]);
});

test('waiting ends at once when the caller is aborted, and does not hold up those behind longer than they want to wait', async () => {
  const limited = account({ kind: 'rate', name: 'rate', points: 1, period_seconds: 20, burst: 1 });
  const gate = worker();
  await ask(gate, limited);
  const stop = new AbortController();
  const waiting = gate.acquire({ account: limited, class: 'batch', maxWaitMs: 60_000, signal: stop.signal });
  const since = performance.now();
  await expect(ask(gate, limited, 200)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(performance.now() - since).toBeLessThan(1_000);
  stop.abort(new Error('no longer wanted'));
  await expect(waiting).rejects.toThrow('no longer wanted');
});

test('without the database a declared budget refuses, settling still succeeds, and an account without limits goes on', async () => {
  const failures: unknown[] = [];
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const gate = new PgBudgetGate({ pool, onError: (error) => failures.push(error) });
  const [limited, free] = [account(slots(1)), account()];
  const held = await ask(gate, limited);
  await pool.end();
  await held.settle({ status: 200, headers: {} });
  expect(failures.length).toBeGreaterThan(0);
  await expect(ask(gate, limited)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await (await ask(gate, free)).settle({ status: 429, headers: { 'retry-after': '9' } });
  await expect(ask(gate, free, 0)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await gate.close();
});

const budgetsOf = async (of: BudgetAccount) =>
  (await listBudgets(control, { workspaceId, limit: 100, after: null })).filter((view) => view.account === of.account);

/** Asks until the gate refuses; what it grants meanwhile is settled. */
async function untilRefused(gate: PgBudgetGate, to: BudgetAccount): Promise<void> {
  for (;;) {
    const permit = await ask(gate, to, 0).catch((error: unknown) => error as { code: string });
    if ('code' in permit) {
      expect(permit.code).toBe('RATE_LIMITED');
      return;
    }
    await permit.settle({ status: 200, headers: {} });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
