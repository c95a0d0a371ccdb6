import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { ApiClient, type Answer } from '../support/api-client.js';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

let world: ApiWorld;
let client: ApiClient;
beforeAll(async () => {
  world = await startApiWorld();
  client = world.client;
});
afterAll(() => world?.stop());

interface Listed {
  id: string;
  name: string;
  current: boolean;
}
const itemsOf = ({ body }: Answer): Listed[] => body.data as unknown as Listed[];
const list = async (): Promise<Listed[]> => itemsOf(await client.get('/v1/api-keys'));

test('a key is made, works, is listed without itself, and ends at once when it is revoked', async () => {
  const made = await client.post('/v1/api-keys', { name: 'nightly job' });
  expect(made).toMatchObject({ status: 201, body: { name: 'nightly job', key: expect.stringMatching(/^sl_/) } });
  const other = new ApiClient(world.api.address, String(made.body.key));
  expect(await other.get('/v1/syncs')).toMatchObject({ status: 200 });

  const keys = await list();
  expect(keys.map(({ name, current }) => [name, current])).toEqual([
    ['bootstrap', true],
    ['nightly job', false],
  ]);
  expect(JSON.stringify(keys)).not.toContain(String(made.body.key));

  expect(await client.call('DELETE', `/v1/api-keys/${String(made.body.id)}`)).toMatchObject({ status: 204 });
  expect(await other.get('/v1/syncs')).toMatchObject({ status: 401 });
  expect(await client.call('DELETE', `/v1/api-keys/${String(made.body.id)}`)).toMatchObject({ status: 404 });
});

test('the last key stays', async () => {
  const [only] = await list();
  expect(await client.call('DELETE', `/v1/api-keys/${only?.id ?? ''}`)).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
  expect(await client.get('/v1/syncs')).toMatchObject({ status: 200 });
});

test('a list goes on where its page ended', async () => {
  for (const name of ['a', 'b']) await client.post('/v1/api-keys', { name });
  const first = await client.get('/v1/api-keys?limit=2');
  const second = await client.get(`/v1/api-keys?limit=2&cursor=${String(first.body.next_cursor)}`);
  const names = [first, second].flatMap((page) => itemsOf(page).map(({ name }) => name));
  expect(names).toEqual(['bootstrap', 'a', 'b']);
  const forged = Buffer.from('["api-keys","x"]').toString('base64url');
  expect(await client.get(`/v1/api-keys?cursor=${forged}`)).toMatchObject({ status: 422 });
});

const keyWith = async (rights: object): Promise<ApiClient> => {
  const made = await client.post('/v1/api-keys', { name: 'limited', ...rights });
  expect(made).toMatchObject({ status: 201, body: rights });
  return new ApiClient(world.api.address, String(made.body['key']));
};

test('a key does what its scopes say, gives no more than it has, and the last that may operate stays', async () => {
  const reader = await keyWith({ scopes: ['read'] });
  expect(await reader.get('/v1/syncs')).toMatchObject({ status: 200 });
  const missing = { status: 403, body: { code: 'SCOPE_MISSING' } };
  expect(await reader.post('/v1/api-keys', { name: 'more' })).toMatchObject(missing);
  const operator = await keyWith({ scopes: ['operate', 'read'] });
  expect(await operator.post('/v1/api-keys', { name: 'more' })).toMatchObject(missing);
  const made = await operator.post('/v1/api-keys', { name: 'less', scopes: ['operate'] });
  expect(made).toMatchObject({ status: 201 });
  const limited = await keyWith({ scopes: ['operate', 'call'], calls_per_minute: 5 });
  expect(await limited.post('/v1/api-keys', { name: 'more', scopes: ['call'] })).toMatchObject(missing);

  const all = itemsOf(await client.get('/v1/api-keys?limit=100')) as (Listed & { scopes: string[] })[];
  for (const { id, current, scopes } of all)
    if (!current && scopes.includes('operate')) expect(await client.delete(`/v1/api-keys/${id}`)).toMatchObject({ status: 204 });
  const own = all.find(({ current }) => current)?.id ?? '';
  expect(await client.delete(`/v1/api-keys/${own}`)).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
});

test('calls are limited to connections, and by the minute over all processes', async () => {
  const made = await client.post('/v1/connections', { name: 'shop', connector: 'demo-shop', config: world.shopConfig });
  expect(made).toMatchObject({ status: 201 });
  const id = String(made.body.id);
  const caller = await keyWith({ scopes: ['call'], connections: [id], calls_per_minute: 3 });
  // The call itself is refused behind the guard, so that nothing but the limit is looked at.
  const call = (of = id) => caller.post(`/v1/connections/${of}/actions/unknown`, { input: {} });
  expect(await call('00000000-0000-4000-8000-000000000000')).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
  const answers = await Promise.all([call(), call(), call(), call(), call()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([404, 404, 404, 429, 429]);
  const left = answers.map(({ headers }) => Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]));
  expect(left.sort()).toEqual([0, 0, 0, 1, 2]);
  for (const { status, headers, body } of answers) {
    expect(headers.get('ratelimit-policy')).toBe('"calls";q=3;w=60');
    expect(headers.get('ratelimit')).toMatch(/^"calls";r=\d;t=\d+$/);
    if (status !== 429) continue;
    expect(body.code).toBe('CALLS_LIMITED');
    // A call comes back every 20 s.
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(20);
  }
  const store = new pg.Client({ connectionString: world.database.url });
  await store.connect();
  const later = await store.query(`UPDATE control.call_limit SET tat = tat - interval '20 seconds' RETURNING subject`);
  await store.end();
  expect(later.rows).toEqual([{ subject: expect.stringMatching(/^api-key:/) }]);
  expect(await call()).toMatchObject({ status: 404, body: { code: 'UNKNOWN_ACTION' } });
});

test.each([
  ['an unknown scope', { name: 'x', scopes: ['all'] }, {}, 422, 'VALIDATION_FAILED'],
  ['no scope at all', { name: 'x', scopes: [] }, {}, 422, 'VALIDATION_FAILED'],
  ['no name', {}, {}, 422, 'VALIDATION_FAILED'],
  ['a name too many', { name: 'x', workspace_id: 'y' }, {}, 422, 'VALIDATION_FAILED'],
  ['a key for repeating it', { name: 'x' }, { 'idempotency-key': 'once' }, 400, 'INVALID_REQUEST'],
])('%s is refused', async (_, body, headers, status, code) => {
  const before = (await list()).length;
  expect(await client.call('POST', '/v1/api-keys', body, headers)).toMatchObject({ status, body: { code } });
  expect((await list()).length).toBe(before);
});
