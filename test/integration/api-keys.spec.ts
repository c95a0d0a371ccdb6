import { afterAll, beforeAll, expect, test } from '@jest/globals';
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

test.each([
  ['no name', {}, {}, 422, 'VALIDATION_FAILED'],
  ['a name too many', { name: 'x', workspace_id: 'y' }, {}, 422, 'VALIDATION_FAILED'],
  ['a key for repeating it', { name: 'x' }, { 'idempotency-key': 'once' }, 400, 'INVALID_REQUEST'],
])('%s is refused', async (_, body, headers, status, code) => {
  const before = (await list()).length;
  expect(await client.call('POST', '/v1/api-keys', body, headers)).toMatchObject({ status, body: { code } });
  expect((await list()).length).toBe(before);
});
