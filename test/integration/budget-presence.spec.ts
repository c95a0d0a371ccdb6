import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { PgBudgetGate } from '../../libs/budget/index.js';
import type { BudgetAccount, BudgetCaller, BudgetPermit } from '../../libs/contracts/budget.port.js';
import {
  createPool,
  getDefaultWorkspaceId,
  listBudgetCalls,
  migrate,
  type BudgetCallRow,
  type Pool,
} from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/eventually.js';

let database: TestDatabase;
let control: Pool;
let workspaceId: string;
const ends: (() => Promise<unknown>)[] = [];
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await createTestDatabase('presence');
  await migrate(database.url);
  control = createPool(database.url);
  workspaceId = await getDefaultWorkspaceId(control);
});
afterAll(async () => {
  for (const end of ends) await end();
  await control?.end();
  await database?.drop();
});

/** A process's gate, and the statements that it sent. */
function worker(): { gate: PgBudgetGate; statements: string[] } {
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  const statements: string[] = [];
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  pool.query = ((first: string | { text: string }, ...rest: unknown[]) => {
    statements.push(typeof first === 'string' ? first : first.text);
    return query(first, ...rest);
  }) as typeof pool.query;
  const gate = new PgBudgetGate({ pool });
  ends.push(async () => {
    await gate.close();
    await pool.end();
  });
  return { gate, statements };
}
const slots = (max: number): BudgetAccount => ({
  ...{ workspaceId, host: 'api.test', account: randomUUID() },
  limits: [{ kind: 'concurrency', name: 'slots', max }],
});
const seen = ({ account }: BudgetAccount, wanted: (rows: BudgetCallRow[]) => boolean): Promise<BudgetCallRow[]> =>
  eventually(() => listBudgetCalls(control, { workspaceId, account }), wanted, { withinMs: 10_000 });

test('who holds a slot and who waits for it is seen over all processes, and nobody any more when they are done', async () => {
  const shared = slots(1);
  const [a, b] = [worker(), worker()];
  const action: BudgetCaller = { connectionId: randomUUID(), operation: { kind: 'action', name: 'pay' } };
  const stream: BudgetCaller = { connectionId: randomUUID(), operation: { kind: 'stream', name: 'orders' } };
  const share = { name: randomUUID(), weight: 3 };
  const held = await a.gate.acquire({ account: shared, class: 'interactive', by: action, maxWaitMs: 0, signal });
  const asked = { account: shared, class: 'batch', share, by: stream, maxWaitMs: 60_000, signal } as const;
  const settle = (permit: BudgetPermit) => permit.settle({ status: 200, headers: {} });
  const waiting = [b.gate.acquire(asked).then(settle), b.gate.acquire(asked).then(settle)];
  const before = Date.now();
  expect(await seen(shared, (rows) => rows.length === 2 && rows[0]?.calls === 2)).toEqual([
    {
      ...{ state: 'waiting', workspaceId, account: shared.account, class: 'batch', connectionId: stream.connectionId },
      ...{ syncId: share.name, weight: 3, kind: 'stream', operation: 'orders', calls: 2, since: expect.any(Date) as unknown },
    },
    {
      ...{ state: 'holding', workspaceId, account: shared.account, class: 'interactive', connectionId: action.connectionId },
      ...{ syncId: null, weight: null, kind: 'action', operation: 'pay', calls: 1, since: expect.any(Date) as unknown },
    },
  ]);
  const [first] = await seen(shared, () => true);
  expect(Math.abs((first?.since.getTime() ?? 0) - before)).toBeLessThan(2_000);
  await held.settle({ status: 200, headers: {} });
  await Promise.all(waiting);
  expect(await seen(shared, (rows) => rows.length === 0)).toEqual([]);
});

test('calls of accounts without limits that do not wait write nothing', async () => {
  const { gate, statements } = worker();
  const free: BudgetAccount = { ...slots(1), limits: [] };
  const by: BudgetCaller = { connectionId: randomUUID() };
  for (const deadline = Date.now() + 2_500; Date.now() < deadline; await delay(20)) {
    const permit = await gate.acquire({ account: free, class: 'batch', by, maxWaitMs: 0, signal });
    await delay(20);
    await permit.settle({ status: 200, headers: {} });
  }
  expect(statements.filter((text) => text.includes('budget_presence'))).toEqual([]);
});
