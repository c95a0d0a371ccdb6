import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import pg from 'pg';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { ContactsApi, contactsManifest, contactsSluice } from '../support/reverse/contacts-api.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';
import { serverConfig } from '../support/server-config.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const mail = (n: number) => `c${n}@example.com`;

describe('a table whose rows are handed to an action', () => {
  let provider: ContactsApi;
  let world: RunWorld;
  let api: AppProcess;
  let client: ApiClient;
  let worker: ChildProcess;
  let source: TestDatabase;
  let sql: pg.Client;
  let from: string;
  let to: string;
  let names = 0;
  const allowed = () => world.allowing(`${new URL(source.url).hostname}:${new URL(source.url).port},${provider.host}`);

  beforeAll(async () => {
    provider = await ContactsApi.start();
    source = await createTestDatabase('source');
    sql = new pg.Client({ connectionString: source.url });
    await sql.connect();
    world = await RunWorld.create();
    ({ api, client } = await world.startApi(allowed()));
    worker = await world.startWorker(allowed());
    await client.created('/v1/connectors', { name: 'contacts', manifest: contactsManifest, sluice: contactsSluice });
    const config = { ...serverConfig(source.url), cursor_lag_seconds: 0 };
    from = await client.created('/v1/connections', { name: 'warehouse', connector: 'postgres-source', config });
    const budget = { limits: [{ kind: 'concurrency', name: 'calls', max: 20 }] };
    to = await client.created('/v1/connections', {
      ...{ name: 'mailing', connector: 'contacts', budget },
      config: { base_url: `http://${provider.host}` },
    });
  }, 120_000);
  afterAll(async () => {
    await api?.stop();
    await world?.close();
    await sql?.end();
    await source?.drop();
    await provider?.close();
  });
  beforeEach(() => {
    Object.assign(provider, { strict: false, refused: new Set(), hang: 0 });
    provider.taken.length = provider.calls.length = provider.bodies.length = 0;
  });

  /** A table of so many customers, and the sync that hands them over. */
  async function customers(count: number, { cursor = true } = {}): Promise<{ table: string; sync: string }> {
    const table = `customers_${(names += 1)}`;
    await sql.query(`
      CREATE TABLE ${table} (id int PRIMARY KEY, email text, name text, points numeric(20, 2), secret text
        ${cursor ? ", updated_at timestamptz NOT NULL DEFAULT now() - interval '1 minute'" : ''});
      INSERT INTO ${table} (id, email, name, points) SELECT n, 'c' || n || '@example.com', 'Customer ' || n, n FROM generate_series(1, ${count}) n`);
    const sync = await client.created('/v1/syncs', {
      name: table,
      source_id: from,
      destination_id: to,
      streams: [streamOf(table)],
    });
    return { table, sync };
  }
  const streamOf = (name: string, action: object = {}, more: object = {}) => ({
    ...{ name, mode: 'incremental_upsert' },
    action: {
      name: 'add_contacts',
      input: { email: '{{ record.email }}', name: '{{ record.name }}', points: '{{ record.points }}' },
      ...action,
    },
    ...more,
  });
  const start = async (sync: string): Promise<string> => {
    const answer = await client.post(`/v1/syncs/${sync}/runs`);
    expect(answer.status).toBe(202);
    return answer.body.id ?? '';
  };
  async function run(sync: string) {
    const id = await start(sync);
    expect(await world.until(id, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
    return (await world.streams(id))[0]?.counts;
  }
  const takenEmails = () => provider.taken.map(({ email }) => email).sort();
  const rejected = async (sync: string) =>
    ((await client.get(`/v1/quarantine?sync=${sync}`)).body as unknown as { data: Record<string, unknown>[] }).data;

  it.each([true, false])('calls once for each row, then for what is new or has changed (cursor: %s)', async (cursor) => {
    const { table, sync } = await customers(25, { cursor });
    expect(await run(sync)).toMatchObject({ read: 25, inserted: 25, updated: 0, unchanged: 0, quarantined: 0 });
    expect([...provider.calls].sort()).toEqual([10, 10, 5]);
    expect(takenEmails()).toEqual(numbers(1, 25).map(mail).sort());
    expect(provider.taken.find(({ email }) => email === mail(7))).toEqual({ email: mail(7), name: 'Customer 7', points: 7 });
    provider.taken.length = 0;
    const touched = cursor ? ', updated_at = now()' : '';
    // What the action does not see is no change.
    await sql.query(`UPDATE ${table} SET secret = 'x'${touched} WHERE id = 1; UPDATE ${table} SET points = 99${touched} WHERE id = 2;
      INSERT INTO ${table} (id, email, name, points) VALUES (26, '${mail(26)}', 'New', 12345678901234567.25)`);
    if (cursor) await sql.query(`UPDATE ${table} SET updated_at = now() WHERE id = 26`);
    expect(await run(sync)).toMatchObject({ inserted: 1, updated: 1, quarantined: 0 });
    expect(provider.taken.map(({ email }) => email)).toEqual([mail(2), mail(26)]);
    expect(provider.bodies.at(-1)).toContain('"points":12345678901234567.25');
  });

  it('hands every row over once when the worker is killed between calls and their answers', async () => {
    const { sync } = await customers(400);
    provider.hang = 3;
    const hanging = provider.hanging();
    const id = await start(sync);
    await hanging;
    await endWorker(worker, 'SIGKILL');
    worker = await world.startWorker(allowed());
    expect(await world.until(id, ended, 90_000)).toMatchObject({ state: 'succeeded', error: null });
    expect(takenEmails()).toEqual(numbers(1, 400).map(mail).sort());
    const { read, inserted, unchanged } = (await world.streams(id))[0]?.counts ?? {};
    expect({ read, inserted, unchanged }).toEqual({ read: 400, inserted: 400, unchanged: 0 });
  }, 120_000);

  it('shows the rows that were refused with the reason, and hands them over when they are taken', async () => {
    const { table, sync } = await customers(23);
    provider.refused = new Set([mail(3), mail(14)]);
    await sql.query(`UPDATE ${table} SET email = NULL WHERE id = 20`);
    expect(await run(sync)).toMatchObject({ read: 23, inserted: 20, quarantined: 3 });
    const aside = await rejected(sync);
    expect(aside.map(({ reason, record }) => [(record as { id: number }).id, reason]).sort()).toEqual([
      [14, 'ACTION_REFUSED'],
      [20, 'VALIDATION_FAILED'],
      [3, 'ACTION_REFUSED'],
    ]);
    expect(aside.find(({ reason }) => reason === 'VALIDATION_FAILED')).toMatchObject({ field: expect.stringContaining('email') });
    provider.taken.length = 0;
    provider.refused = new Set([mail(14)]);
    expect(await run(sync)).toMatchObject({ inserted: 0, updated: 0 });
    expect(takenEmails()).toEqual([mail(3)]);
    expect((await rejected(sync)).map(({ record }) => (record as { id: number }).id).sort()).toEqual([14, 20]);
  });

  it('finds the one row for which a list is refused whole', async () => {
    const { sync } = await customers(10);
    Object.assign(provider, { strict: true, refused: new Set([mail(6)]) });
    expect(await run(sync)).toMatchObject({ read: 10, inserted: 9, quarantined: 1 });
    expect(takenEmails()).toEqual(
      numbers(1, 10)
        .filter((n) => n !== 6)
        .map(mail)
        .sort(),
    );
    expect(await rejected(sync)).toMatchObject([{ reason: 'ACTION_REFUSED', record: { email: mail(6) } }]);
  });

  it('refuses what cannot be handed over, with the place', async () => {
    const { table } = await customers(1);
    const attempt = async (stream: object) => {
      const { status, body } = await client.post('/v1/syncs', {
        ...{ name: `bad ${(names += 1)}`, source_id: from, destination_id: to, streams: [stream] },
      });
      return [status, ...((body as unknown as { errors?: { path: string }[] }).errors ?? []).map(({ path }) => path)];
    };
    expect(await attempt(streamOf(table, { name: 'add_nothing' }))).toEqual([422, '/streams/0/action/name']);
    expect(await attempt(streamOf(table, { name: 'add_blindly' }))).toEqual([422, '/streams/0/action/name']);
    expect(await attempt(streamOf(table, { input: { email: '{{ record.email' } }))).toEqual([
      422,
      '/streams/0/action/input/email',
    ]);
    expect(await attempt(streamOf(table, {}, { table: 'contacts' }))).toEqual([422, '/streams/0/table']);
    expect(await attempt(streamOf(table, {}, { mode: 'incremental_append' }))).toEqual([422, '/streams/0/mode']);
    expect(await attempt({ name: table, mode: 'incremental_upsert' })).toEqual([422, '/streams/0/action']);
  });
});
