import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PgCircuitBreakers } from '../../libs/circuits/index.js';
import type { BudgetGate } from '../../libs/contracts/budget.port.js';
import { Egress, EgressAllowList } from '../../libs/egress/index.js';
import { SluiceError } from '../../libs/errors/index.js';
import {
  createPool,
  getDefaultWorkspaceId,
  listCircuits,
  migrate,
  PROBE_MS,
  takeProbe,
  type Pool,
} from '../../libs/store/index.js';
import { setTimeout as pause } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pool: Pool;
let workspaceId: string;
let server: Server;
let host: string;
/** What the provider does with a call. */
let answer: (response: ServerResponse) => void;
let log: ('arrived' | 'answered')[] = [];
const closing: (() => Promise<void>)[] = [];

const freeGate: BudgetGate = { acquire: async () => ({ settle: async () => undefined }) };
const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end('{}');

beforeAll(async () => {
  database = await createTestDatabase('circuits');
  await migrate(database.url);
  pool = createPool(database.url);
  workspaceId = await getDefaultWorkspaceId(pool);
  server = createServer((_request, response) => {
    log.push('arrived');
    response.on('finish', () => log.push('answered'));
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await pool.query('DELETE FROM control.circuit');
  log = [];
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await pool?.end();
  await database?.drop();
});

/** A process of its own, as far as circuits and connections go; `call` answers with the status or the error's code. */
function worker(account: string, maxWaitMs = 0) {
  const circuits = new PgCircuitBreakers({ db: pool, onError: (error) => log.push(error as never) });
  const egress = new Egress({ allow: EgressAllowList.parse(host), gate: freeGate, circuits, version: '0' });
  closing.push(async () => {
    await egress.close();
    await circuits.close();
  });
  const client = egress.client({ account: { workspaceId, host, account, limits: [] }, class: 'batch', maxWaitMs });
  const send = () => client.send({ method: 'GET', url: `http://${host}/`, headers: {}, signal: new AbortController().signal });
  const call = (): Promise<number | string> =>
    send().then(
      (got) => got.status,
      (error: unknown) => (error instanceof SluiceError ? error.code : String(error)),
    );
  return { circuits, send, call };
}

async function breakIt(account: string) {
  const first = worker(account);
  answer = status(500);
  for (let i = 0; i < 20; i++) expect(await first.call()).toBe(500);
  await first.circuits.close();
  return first;
}
/** The time until the next probe is over. */
const passTime = () => pool.query('UPDATE control.circuit SET until = now()');
const arrived = () => log.filter((entry) => entry === 'arrived').length;

test('twenty failures in a row open the circuit for every worker, of that account only, and say until when', async () => {
  const account = randomUUID();
  const running = worker(account);
  answer = status(200);
  expect(await running.call()).toBe(200);
  const first = await breakIt(account);
  const before = arrived();
  const error = (await first.send().catch((thrown: unknown) => thrown)) as SluiceError;
  expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', kind: 'rate_limited' });
  const waitMs = (error.retryAt as number) - Date.now();
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(5_001);
  // One that starts now knows before its first call; one that runs learns within a second.
  expect(await worker(account).call()).toBe('PROVIDER_UNAVAILABLE');
  expect(arrived()).toBe(before);
  const deadline = Date.now() + 10_000;
  while ((await running.call()) !== 'PROVIDER_UNAVAILABLE' && Date.now() < deadline);
  expect(await running.call()).toBe('PROVIDER_UNAVAILABLE');
  expect(await listCircuits(pool, { workspaceId })).toMatchObject([{ account, host, probing: false, failedProbes: 0 }]);
  answer = status(200);
  expect(await worker(randomUUID()).call()).toBe(200);
});

test('half open, one probe of all workers goes through; its success lets the others follow', async () => {
  const account = randomUUID();
  await breakIt(account);
  const held: ServerResponse[] = [];
  let seen = (): void => undefined;
  const probing = new Promise<void>((resolve) => (seen = resolve));
  answer = (response) => {
    held.push(response);
    seen();
  };
  await passTime();
  const begun = log.length;
  const [a, b] = [worker(account, 20_000), worker(account, 20_000)];
  const calls = [a, b, a, b, a, b].map(({ call }) => call());
  await probing;
  expect(await takeProbe(pool, { workspaceId, account, host })).toMatchObject({ kind: 'open' });
  answer = status(200);
  status(200)(held[0] as ServerResponse);
  expect(await Promise.all(calls)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(held).toHaveLength(1);
  expect(log.slice(begun, begun + 2)).toEqual(['arrived', 'answered']);
  await Promise.all([a.circuits.close(), b.circuits.close()]);
  expect(await listCircuits(pool, { workspaceId })).toEqual([]);
});

test('a probe that fails keeps it open for twice as long; one that was given up is nobody’s', async () => {
  const account = randomUUID();
  await breakIt(account);
  await passTime();
  const one = worker(account);
  expect(await one.call()).toBe(500);
  expect(await one.call()).toBe('PROVIDER_UNAVAILABLE');
  await one.circuits.close();
  const { rows } = await pool.query<{ level: number; ms: number }>(
    'SELECT level, (extract(epoch FROM until - now()) * 1000)::double precision AS ms FROM control.circuit',
  );
  expect(rows[0]?.level).toBe(1);
  expect(rows[0]?.ms).toBeGreaterThan(5_000);
  await passTime();
  const key = { workspaceId, account, host, maxWaitMs: 0, signal: new AbortController().signal };
  const other = worker(account).circuits;
  (await other.enter(key)).settle('unknown');
  await other.close();
  expect(await takeProbe(pool, { workspaceId, account, host })).toEqual({ kind: 'granted', level: 1 });
});

test('a probe that is under way is said to be; of one whose process died others send another soon', async () => {
  const account = randomUUID();
  await breakIt(account);
  await passTime();
  const key = { workspaceId, account, host };
  const { circuits } = worker(account);
  const pass = await circuits.enter({ ...key, maxWaitMs: 0, signal: new AbortController().signal });
  const leftMs = async (): Promise<number> => {
    const { rows } = await pool.query<{ ms: number }>(
      'SELECT (extract(epoch FROM probe_until - clock_timestamp()) * 1000)::double precision AS ms FROM control.circuit',
    );
    return rows[0]?.ms ?? 0;
  };
  expect(await leftMs()).toBeLessThanOrEqual(PROBE_MS);
  await pool.query(`UPDATE control.circuit SET probe_until = clock_timestamp() + interval '5 s'`);
  for (const deadline = Date.now() + 20_000; (await leftMs()) < 6_000 && Date.now() < deadline;) await pause(50);
  expect(await leftMs()).toBeGreaterThan(6_000);
  expect(await takeProbe(pool, key)).toMatchObject({ kind: 'open' });
  // Nobody renews it any more.
  await circuits.close();
  await pool.query('UPDATE control.circuit SET probe_until = clock_timestamp()');
  expect(await takeProbe(pool, key)).toEqual({ kind: 'granted', level: 0 });
  pass.settle('unknown');
});
