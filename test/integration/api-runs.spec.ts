import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { runSchema } from '../../libs/contracts/run.schema.js';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { CLOSED_PORT, startApiWorld, type ApiWorld } from '../support/api-world.js';

let world: ApiWorld;
let client: ApiClient;
let made = 0;

beforeAll(async () => {
  world = await startApiWorld();
  client = world.client;
});
afterAll(() => world?.stop());

async function newSync(): Promise<string> {
  const n = ++made;
  const connect = async (name: string, connector: string, config: object) =>
    (await client.post('/v1/connections', { name: `${name} ${n}`, connector, config })).body.id;
  const { body, status } = await client.post('/v1/syncs', {
    name: `sync ${n}`,
    source_id: await connect('shop', 'demo-shop', world.shopConfig),
    destination_id: await connect('warehouse', 'postgres', world.warehouseConfig),
    streams: [{ name: 'orders', mode: 'incremental_append' }],
  });
  expect(status).toBe(201);
  return String(body.id);
}

describe('runs', () => {
  test('a run is started once, shown, listed, refused twice, cancelled, and lets its sync go', async () => {
    const sync = await newSync();
    const started = await client.post(`/v1/syncs/${sync}/runs`, undefined, { 'idempotency-key': sync });
    expect(started).toMatchObject({ status: 202, body: { state: 'queued' } });
    const run = String(started.body.id);
    expect(started.headers.get('location')).toBe(`/v1/runs/${run}`);
    const repeated = await client.post(`/v1/syncs/${sync}/runs`, undefined, { 'idempotency-key': sync });
    expect(repeated).toMatchObject({ status: 202, body: { id: run } });
    expect(repeated.headers.get('location')).toBe(`/v1/runs/${run}`);

    const second = await client.post(`/v1/syncs/${sync}/runs`);
    expect(second).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE', run: expect.stringContaining(run) } });
    const shown = await client.get(`/v1/runs/${run}`);
    expect(runSchema.parse(shown.body)).toEqual(shown.body);
    expect(shown.body).toMatchObject({
      sync_id: sync,
      lane: 'live',
      trigger: 'api',
      counts: { read: 0, loaded: 0 },
      error: null,
    });
    expect(shown.body['temporal_url']).toContain(`/workflows/sync-run-${run}`);
    expect((await client.get(`/v1/runs?sync=${sync}&state=queued,running`)).body.data).toMatchObject([{ id: run }]);
    expect((await client.get(`/v1/runs?sync=${sync}&state=succeeded`)).body.data).toEqual([]);
    expect((await client.get(`/v1/runs/${run}/log`)).status).toBe(200);

    expect(await client.delete(`/v1/syncs/${sync}`)).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE' } });
    expect(await client.post(`/v1/runs/${run}:retry`)).toMatchObject({ status: 409 });
    expect((await client.post(`/v1/runs/${run}:cancel`)).status).toBe(202);
  });

  test('a reset of what is no stream is refused, and nothing is started', async () => {
    const sync = await newSync();
    const answer = await client.post(`/v1/syncs/${sync}/runs`, { reset: ['orders', 'nope'] });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: '/reset/1', found: 'nope', allowed: ['orders'] }] } });
    expect((await client.get(`/v1/runs?sync=${sync}`)).body.data).toEqual([]);
  });
});

describe('what is down', () => {
  test('without Temporal a start is refused, leaves nothing active, and health says what is missing', async () => {
    const sync = await newSync();
    const api = await startApp('api', { env: { ...world.env, TEMPORAL_ADDRESS: CLOSED_PORT } });
    const lonely = new ApiClient(api.address, world.env['SLUICE_BOOTSTRAP_API_KEY'] ?? '');
    const answer = await lonely.post(`/v1/syncs/${sync}/runs`, undefined, {
      'idempotency-key': `down ${sync}`.replace(' ', '-'),
    });
    expect(answer).toMatchObject({ status: 503, body: { code: 'TEMPORAL_UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).toBe('5');
    const [run] = (await lonely.get(`/v1/runs?sync=${sync}`)).body.data;
    expect(run === undefined || run['state'] === 'failed').toBe(true);
    expect(await lonely.get('/v1/health')).toMatchObject({
      status: 503,
      body: { details: { store: { status: 'up' }, temporal: { status: 'down' } } },
    });
    // The refusal was our fault: the same key may try again, where Temporal is up.
    expect((await client.post(`/v1/syncs/${sync}/runs`, undefined, { 'idempotency-key': `down-${sync}` })).status).toBe(202);
    expect(await api.stop()).toBe(0);
  });

  test('a failure inside is a 500 without inner words, and its cause is in the log', async () => {
    const db = new pg.Client({ connectionString: world.database.url });
    await db.connect();
    try {
      await db.query('ALTER TABLE control.budget RENAME TO budget_away');
      const answer = await client.get('/v1/budgets');
      expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
      expect(answer.text).not.toMatch(/budget_away|relation|select/i);
      await world.api.wrote('42P01');
    } finally {
      await db.query('ALTER TABLE control.budget_away RENAME TO budget');
      await db.end();
    }
    expect(await client.get('/v1/budgets')).toMatchObject({ status: 200, body: { data: expect.any(Array) } });
  });

  test('an environment that cannot work is told completely, and ends with 2', async () => {
    const start = startApp('api', { env: { SLUICE_DATABASE_URL: 'x', PORT: 'y' } });
    await expect(start).rejects.toThrow(
      /ended with 2[\s\S]*SLUICE_DATABASE_URL[\s\S]*SLUICE_SECRET_KEY|ended with 2[\s\S]*SLUICE_SECRET_KEY/,
    );
  });
});
