import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import { listBudgets, PgBudgetGate } from '../../libs/budget/index.js';
import type { BudgetAccount } from '../../libs/contracts/budget.port.js';
import { Egress, EgressAllowList } from '../../libs/egress/index.js';
import { createPool, migrate } from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** What the server bears at once; above it answers 429. */
const CAPACITY = 8;
const CALL_MS = 10;

let database: TestDatabase;
let control: pg.Pool;
let gate: PgBudgetGate;
let server: Server;
let workspaceId: string;
const seen = { now: 0, most: 0, answered: 0, refused: 0 };

beforeAll(async () => {
  database = await createTestDatabase('aimd');
  await migrate(database.url);
  control = createPool(database.url);
  const { rows } = await control.query<{ id: string }>('SELECT id FROM control.workspace');
  workspaceId = rows[0]?.id ?? '';
  gate = new PgBudgetGate({ pool: control });
  server = createServer((_request, response) => {
    seen.now++;
    seen.most = Math.max(seen.most, seen.now);
    const refused = seen.now > CAPACITY;
    setTimeout(() => {
      seen.now--;
      if (refused) seen.refused++;
      else seen.answered++;
      response.writeHead(refused ? 429 : 200, refused ? { 'retry-after': '0.02' } : {}).end('{}');
    }, CALL_MS);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await gate.close();
  await control.end();
  await database.drop();
});

const accountAt = (host: string, rest: Partial<BudgetAccount> = {}): BudgetAccount => ({
  ...{ workspaceId, host, account: `${host}#${randomUUID()}`, limits: [] },
  ...rest,
});

test('many callers settle near what a server bears that publishes no limit, without a storm, and it is shown', async () => {
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const egress = new Egress({ allow: EgressAllowList.parse(host), gate, version: '0' });
  const account = accountAt(host);
  const http = egress.client({ account, class: 'batch' });
  const { signal } = new AbortController();
  let left = 2_500;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await http.send({ method: 'GET', url: `http://${host}/`, headers: {}, signal });
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  // 64 callers at once would be refused seven times out of eight.
  expect(seen.refused).toBeLessThan(0.05 * seen.answered);
  expect(seen.most).toBeLessThanOrEqual(2 * CAPACITY);
  // Closing writes what is not yet told.
  await gate.close();
  const budgets = await listBudgets(control, { workspaceId, limit: 10, after: null });
  const shown = budgets
    .find((one) => one.account === account.account)
    ?.observed?.windows.find(({ name }) => name === 'concurrency');
  expect(shown?.limit).toBeGreaterThanOrEqual(CAPACITY / 2);
  expect(shown?.limit).toBeLessThanOrEqual(CAPACITY + 2);
  await egress.close();
});

test('each policy of a manifest is an allowance of its own, shown by itself; other calls are not held back', async () => {
  const own = new PgBudgetGate({ pool: control });
  const account = accountAt('api.test', {
    policies: [
      { name: 'policy-1', limits: [{ kind: 'rate', name: 'rate', points: 2, period_seconds: 3_600 }] },
      { name: 'policy-2', limits: [{ kind: 'rate', name: 'rate', points: 50, period_seconds: 1 }] },
    ],
  });
  const { signal } = new AbortController();
  const ask = async (policy: string | undefined): Promise<string> =>
    own
      .acquire({ account, class: 'interactive', maxWaitMs: 100, signal, ...(policy === undefined ? {} : { policy }) })
      .then(async (permit) => {
        await permit.settle({ status: 200, headers: {} });
        return 'granted';
      })
      .catch((error: { code?: string }) => error.code ?? 'unknown');
  expect([await ask('policy-1'), await ask('policy-1'), await ask('policy-1')]).toEqual(['granted', 'granted', 'RATE_LIMITED']);
  expect([await ask('policy-2'), await ask(undefined)]).toEqual(['granted', 'granted']);
  const budgets = await listBudgets(control, { workspaceId, limit: 10, after: null });
  const used = budgets
    .filter((one) => one.account.startsWith(account.account))
    .map((one) => [one.account.split('/')[1], one.limits[0]?.used]);
  expect(used).toContainEqual(['policy-1', 2]);
  await own.close();
});
