import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

let world: ApiWorld;
let connection: string;

beforeAll(async () => {
  world = await startApiWorld();
  const made = await world.client.post('/v1/connections', { name: 'shop', connector: 'demo-shop', config: world.shopConfig });
  connection = made.body.id as string;
});
afterAll(() => world?.stop());

const usage = (query: string) => world.client.get(`/v1/usage?${query}`);

/** What was counted is written within seconds. */
async function counted(query: string) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { body } = await usage(query);
    if (body.data.length > 0 || Date.now() > deadline) return body.data;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test('calls are counted where they leave, by connection and operation, and shown one by one without addresses', async () => {
  expect((await world.client.post(`/v1/connections/${connection}:check`)).status).toBe(200);
  const data = await counted(`connection=${connection}&group_by=connection,connector,operation,day`);
  expect(data).not.toEqual([]);
  for (const row of data) {
    expect(row).toMatchObject({
      connection_id: connection,
      connector: 'demo-shop',
      errors: {},
      error_rate: 0,
      retries: 0,
      held: 0,
    });
    expect(row['calls']).toBeGreaterThan(0);
    expect(row['bytes_in']).toBeGreaterThan(0);
    expect((row['latency'] as { p99: number }).p99).toBeGreaterThan(0);
  }
  expect(data.some((row) => row['kind'] === 'stream')).toBe(true);
  const calls = await world.client.get(`/v1/usage/calls?connection=${connection}&limit=1`);
  expect(calls.body.data[0]).toMatchObject({ outcome: '2xx', status: 200, attempt: 1, host: new URL(world.shop.address).host });
  expect(calls.text).not.toContain('/shop');
});

test('bad queries are answered with the field and what is wrong', async () => {
  for (const [query, path] of [
    ['group_by=color', '/group_by/0'],
    ['group_by=hour,day', '/group_by'],
    ['group_by=hour,hour', '/group_by'],
    ['from=yesterday', '/from'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '/from'],
    ['connection=shop', '/connection'],
    ['colour=red', '/colour'],
  ] as const) {
    const answer = await usage(query);
    expect([query, answer.status, answer.body.errors?.[0]?.path]).toEqual([query, 422, path]);
  }
});
