import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCredentialExchange } from '../../libs/connections/credential-exchange.js';
import { createVault } from '../../libs/connectors/auth/flights.js';
import type { CredentialVault } from '../../libs/contracts/credential-vault.port.js';
import type { JsonObject } from '../../libs/contracts/json.js';
import { createSecretBox } from '../../libs/secrets/index.js';
import {
  createPool,
  deleteConnection,
  getDefaultWorkspaceId,
  insertConnection,
  migrate,
  type Pool,
} from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const KEY = randomBytes(32);
const CHILD = resolve('dist/test/support/credentials/renewing-process.js');
const secrets = createSecretBox({ current: KEY });

let database: TestDatabase;
let pool: Pool;
let workspaceId: string;
let connectionId: string;
let provider: Provider;
let children: ChildProcess[];

/** Answers in its own time, and takes each refresh token once. */
class Provider {
  requests = 0;
  /** Answers wait while this is set. */
  gate: Promise<void> | null = null;
  private newest = 'first';
  private waiting: (() => void)[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, answer) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => void this.answer(Buffer.concat(chunks).toString(), answer));
    });
  }

  private async answer(refreshToken: string, answer: ServerResponse): Promise<void> {
    this.requests += 1;
    for (const go of this.waiting.splice(0)) go();
    // Taken as it comes in, as real ones do: an answer that is lost is a refresh token that is lost.
    const good = refreshToken === this.newest;
    const number = this.requests;
    if (good && this.gate === null) this.newest = `rt-${number}`;
    await this.gate;
    answer.statusCode = good ? 200 : 400;
    answer.end(good ? JSON.stringify({ token: `at-${number}`, refresh_token: `rt-${number}` }) : '{}');
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next request has come in. */
  asked(): Promise<void> {
    return new Promise((done) => this.waiting.push(done));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function processOf(leaseMs?: number): Promise<ChildProcess> {
  const child = fork(CHILD, [], {
    execArgv: [],
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      SECRET_KEY: KEY.toString('base64'),
      PROVIDER: provider.url,
      WORKSPACE: workspaceId,
      CONNECTION: connectionId,
      ...(leaseMs === undefined ? {} : { LEASE_MS: String(leaseMs) }),
    },
  });
  children.push(child);
  await once(child, 'message');
  return child;
}

async function obtainIn(child: ChildProcess, readers: number): Promise<unknown[]> {
  const answered = once(child, 'message') as Promise<[{ tokens: unknown[] }]>;
  child.send({ obtain: readers });
  return (await answered)[0].tokens;
}

const vault = (): CredentialVault =>
  createVault(createCredentialExchange({ db: pool, secrets, owner: { workspaceId, connectionId } }));
const { signal } = new AbortController();
const obtain = (from: CredentialVault, inputs: string, renew: (current: JsonObject | null) => Promise<JsonObject>, good = true) =>
  from.obtain({ name: 'oauth', inputs, accept: () => good, renew, signal });

beforeAll(async () => {
  database = await createTestDatabase('vault');
  await migrate(database.url);
  pool = createPool(database.url);
  workspaceId = await getDefaultWorkspaceId(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  connectionId = randomUUID();
  await insertConnection(pool, {
    ...{ id: connectionId, workspaceId, name: connectionId, connector: 'any' },
    ...{ config: {}, secrets: null, budget: null },
  });
  provider = await new Provider().start();
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  provider.close();
});

test('twenty readers in two processes that need a new token at once cause one request, and get its answer', async () => {
  const both = await Promise.all([processOf(), processOf()]);
  const tokens = (await Promise.all(both.map((child) => obtainIn(child, 10)))).flat();
  expect(new Set(tokens)).toEqual(new Set(['at-1']));
  expect(tokens).toHaveLength(20);
  expect(provider.requests).toBe(1);
});

test('a process that is killed while it asks holds up the others for no longer than its lease', async () => {
  const [first, second] = await Promise.all([processOf(700), processOf(700)]);
  let answer = (): void => undefined;
  provider.gate = new Promise((done) => (answer = done));
  const asked = provider.asked();
  first.send({ obtain: 1 });
  await asked;
  first.kill('SIGKILL');
  const again = provider.asked();
  const tokens = obtainIn(second, 1);
  await again;
  answer();
  expect(await tokens).toEqual(['at-2']);
});

test('a frozen process neither blocks the others nor overwrites what they stored', async () => {
  const [frozen, other] = await Promise.all([processOf(700), processOf(700)]);
  let answer = (): void => undefined;
  provider.gate = new Promise((done) => (answer = done));
  const asked = provider.asked();
  const late = obtainIn(frozen, 1);
  await asked;
  frozen.kill('SIGSTOP');
  answer();
  provider.gate = null;
  expect(await obtainIn(other, 1)).toEqual(['at-2']);
  frozen.kill('SIGCONT');
  // It was overtaken: what it got is not stored, and it uses what the other one stored.
  expect(await late).toEqual(['at-2']);
  expect(await obtain(vault(), 'a', fails)).toMatchObject({ token: 'at-2', refresh_token: 'rt-2' });
  expect(provider.requests).toBe(2);
});

test('a process that overslept its lease still stores when nobody came after it', async () => {
  const slow = await processOf(300);
  let answer = (): void => undefined;
  provider.gate = new Promise((done) => (answer = done));
  const asked = provider.asked();
  const late = obtainIn(slow, 1);
  await asked;
  slow.kill('SIGSTOP');
  answer();
  await delay(400);
  slow.kill('SIGCONT');
  expect(await late).toEqual(['at-1']);
  expect(await obtain(vault(), 'a', fails)).toMatchObject({ token: 'at-1' });
});

test('a new credential is stored, encrypted, before it is given out', async () => {
  const from = vault();
  const got = await obtain(from, 'a', async (current) => {
    expect(current).toBeNull();
    return { token: 'at-secret', refresh_token: 'rt-secret' };
  });
  const { rows } = await pool.query<{ sealed: Buffer; holder: string | null }>(
    'SELECT sealed, holder FROM control.credential WHERE connection_id = $1',
    [connectionId],
  );
  expect(got).toEqual({ token: 'at-secret', refresh_token: 'rt-secret' });
  expect(rows).toHaveLength(1);
  expect(rows[0]?.holder).toBeNull();
  expect(rows[0]?.sealed.toString('latin1')).not.toMatch(/at-secret|rt-secret/);
  expect(secrets.decrypt({ owner: { workspaceId, connectionId }, sealed: rows[0]!.sealed })).toMatchObject({ name: 'oauth' });
});

test('what was obtained with other inputs is not given out, and is not lost while it may be needed', async () => {
  await obtain(vault(), 'old', async () => ({ token: 'old' }));
  expect(await obtain(vault(), 'new', async (current) => ({ token: 'new', from: current }))).toEqual({
    token: 'new',
    from: null,
  });
  expect(await obtain(vault(), 'old', fails)).toEqual({ token: 'old' });
  expect(await obtain(vault(), 'new', fails)).toMatchObject({ token: 'new' });
});

test('a renewal sees the newest credential, and one that fails leaves it and the way free', async () => {
  await obtain(vault(), 'a', async () => ({ refresh_token: 'rt-1' }));
  await expect(obtain(vault(), 'a', fails, false)).rejects.toThrow('nobody should ask');
  const next = await obtain(
    vault(),
    'a',
    async (current) => ({ refresh_token: 'rt-2', from: current?.['refresh_token'] ?? null }),
    false,
  );
  expect(next).toEqual({ refresh_token: 'rt-2', from: 'rt-1' });
});

test('a reader that leaves does not end the renewal that others need', async () => {
  const leaving = new AbortController();
  let answer = (_: JsonObject): void => undefined;
  const from = vault();
  const asked = new Promise<void>((begun) => {
    const renew = (): Promise<JsonObject> => {
      begun();
      return new Promise((done) => (answer = done));
    };
    const reader = from.obtain({ name: 'oauth', inputs: 'a', accept: () => true, renew, signal: leaving.signal });
    reader.catch(() => undefined);
  });
  await asked;
  leaving.abort(new Error('the window is over'));
  answer({ token: 'at-1' });
  await from.settled();
  expect(await obtain(vault(), 'a', fails)).toEqual({ token: 'at-1' });
});

test('a deleted connection has no credentials left and gets no new ones', async () => {
  await obtain(vault(), 'a', async () => ({ token: 'at-1' }));
  await deleteConnection(pool, { workspaceId, id: connectionId });
  const { rows } = await pool.query('SELECT 1 FROM control.credential WHERE connection_id = $1', [connectionId]);
  expect(rows).toHaveLength(0);
  await expect(obtain(vault(), 'a', fails)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

async function fails(): Promise<JsonObject> {
  throw new Error('nobody should ask');
}
