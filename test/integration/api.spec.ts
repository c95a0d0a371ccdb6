import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { ApiClient, type Answer } from '../support/api-client.js';
import { CLOSED_PORT, SECRET_MARKER, startApiWorld, type ApiWorld } from '../support/api-world.js';

let world: ApiWorld;
let client: ApiClient;
let source: string;
let destination: string;

beforeAll(async () => {
  world = await startApiWorld();
  client = world.client;
  const create = async (name: string, connector: string, config: unknown): Promise<string> => {
    const answer = await client.post('/v1/connections', { name, connector, config });
    expect(answer).toMatchObject({ status: 201, headers: expect.anything() });
    expect(answer.headers.get('location')).toBe(`/v1/connections/${String(answer.body.id)}`);
    return String(answer.body.id);
  };
  source = await create('shop', 'demo-shop', world.shopConfig);
  destination = await create('warehouse', 'postgres', world.warehouseConfig);
});
afterAll(() => world?.stop());

const newSync = (name: string, change: object = {}) => ({
  ...{ name, source_id: source, destination_id: destination, namespace: 'shop' },
  streams: [{ name: 'orders', mode: 'incremental_append' }],
  ...change,
});
const firstError = (answer: Answer): unknown => answer.body.errors?.[0];

describe('keys and addresses', () => {
  test.each([
    ['none', null],
    ['one of the wrong form', 'x'],
    ['an unknown one', `sl_${'A'.repeat(43)}`],
  ])('%s gets 401 as a problem', async (_name, key) => {
    const answer = await new ApiClient(world.api.address, key).get('/v1/connections');
    expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED', next: expect.stringContaining('Bearer') } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('health, documentation and the OpenAPI document need no key, and load nothing from elsewhere', async () => {
    const stranger = new ApiClient(world.api.address, null);
    expect(await stranger.get('/v1/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const health = await stranger.get('/v1/health');
    expect(health.body).toMatchObject({ details: { store: { status: 'up' } } });
    const page = await stranger.get('/v1/docs');
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(await stranger.get('/v1/docs/swagger-ui-bundle.js')).toMatchObject({ status: 200 });
    expect((await stranger.get('/v1/docs/errors')).text).toContain('id="run_active"');
    expect(await stranger.get('/v1/openapi.json')).toMatchObject({ status: 200, body: { openapi: expect.stringMatching(/^3/) } });
  });

  test('an unknown address, id or method says so', async () => {
    expect(await client.get('/v1/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await client.get('/v1/connections/none')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await client.get(`/v1/runs/${source}`)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const wrong = await client.call('PUT', '/v1/runs');
    expect(wrong).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(wrong.headers.get('allow')).toBe('GET');
  });
});

describe('bodies', () => {
  test('broken JSON, a wrong type and too much are refused without echoing what was sent', async () => {
    const broken = await client.post('/v1/connections', `{"name": "${SECRET_MARKER}`);
    expect(broken).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', detail: 'the body is not valid JSON' } });
    const typed = await client.post('/v1/connections', 'name=x', { 'content-type': 'text/plain' });
    expect(typed).toMatchObject({
      ...{ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } },
      ...{ body: { detail: 'the body’s Content-Type is text/plain; application/json is read here' } },
    });
    const yaml = await client.post('/v1/syncs', 'name: x', { 'content-type': 'application/yaml' });
    expect(yaml.status).toBe(415);
    const large = await client.post('/v1/connections', { name: 'x'.repeat(1_100_000) });
    expect(large).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE', detail: expect.stringContaining('1 MiB') } });
    const manifest = await client.post('/v1/connectors', { name: 'large', manifest: { x: 'x'.repeat(1_100_000) } });
    expect(manifest.body.code).toBe('MANIFEST_INVALID');
    expect(client.seen).not.toContain(SECRET_MARKER);
  });

  test('every field that breaks a rule is named with what was found and what is allowed', async () => {
    const answer = await client.post('/v1/syncs', newSync('x', { streams: [{ name: 'orders', mode: 'append' }], extra: 1 }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.errors).toEqual([
      {
        path: '/streams/0/mode',
        message: expect.any(String),
        found: 'append',
        allowed: expect.arrayContaining(['incremental_append']),
      },
      { path: '/extra', message: 'is not known here', allowed: expect.arrayContaining(['streams', 'schedule']) },
    ]);
    const missing = await client.post('/v1/connections');
    expect(missing).toMatchObject({ status: 422, body: { errors: [{ path: '', message: 'is required' }] } });
    expect(await client.get('/v1/runs?limit=1000')).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/limit', found: '1000' }] },
    });
    expect(await client.get('/v1/runs?state=odd')).toMatchObject({
      status: 422,
      body: { errors: [{ found: expect.anything() }] },
    });
    expect(await client.get('/v1/runs?cursor=odd')).toMatchObject({ status: 422, body: { errors: [{ path: '/cursor' }] } });
  });
});

describe('connectors', () => {
  const manifest = (type: string) => `
version: 6.1.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [things] }
streams:
  - type: DeclarativeStream
    name: things
    retriever:
      type: SimpleRetriever
      requester: { type: ${type}, url_base: "https://example.com", path: /things }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [] } }
    schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { id: { type: integer } } } }
spec: { type: Spec, connection_specification: { type: object, properties: {} } }
`;
  const yaml = { 'content-type': 'application/yaml' };

  test('what ships is there, and a manifest is added as YAML, as JSON, and again as a new version', async () => {
    const names = (await client.get('/v1/connectors')).body.data.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['demo-shop', 'postgres']));
    const added = await client.post('/v1/connectors?name=things', manifest('HttpRequester'), yaml);
    expect(added).toMatchObject({ status: 201, body: { name: 'things', kind: 'source', streams: ['things'] } });
    const shop = (await client.get('/v1/connectors/demo-shop')).body;
    expect(shop).toMatchObject({ delivery: null, spec: { properties: { api_key: { airbyte_secret: true } } } });
    expect((await client.get('/v1/connectors/postgres')).body.delivery).toEqual(
      Object.fromEntries(WRITE_MODES.map((mode) => [mode, 'exactly_once'])),
    );
    const again = await client.post(
      '/v1/connectors?name=things',
      manifest('HttpRequester').replace('/things }', '/others }'),
      yaml,
    );
    expect(again.body.version).not.toBe(added.body.version);
    expect((await client.get('/v1/connectors/things')).body.version).toBe(again.body.version);
  });

  test('a typing error in a manifest is named with path, found and allowed', async () => {
    const answer = await client.post('/v1/connectors?name=bad', manifest('HttpRequestor'), yaml);
    expect(answer).toMatchObject({ status: 422, body: { code: 'MANIFEST_INVALID' } });
    expect(firstError(answer)).toMatchObject({
      path: expect.stringContaining('/streams/0/retriever/requester'),
      found: expect.stringContaining('HttpRequestor'),
      allowed: expect.arrayContaining(['HttpRequester']),
    });
    expect(await client.post('/v1/connectors?name=bad', 'a: [1', yaml)).toMatchObject({
      status: 422,
      body: { code: 'MANIFEST_INVALID' },
    });
    expect(await client.post('/v1/connectors', manifest('HttpRequester'), yaml)).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/name' }] },
    });
    expect(await client.get('/v1/connectors/bad')).toMatchObject({ status: 404 });
    expect(await client.post('/v1/connectors?name=postgres', manifest('HttpRequester'), yaml)).toMatchObject({
      body: { code: 'NAME_TAKEN' },
    });
  });
});

describe('connections', () => {
  test('secrets are kept, never returned, and survive a change that does not name them', async () => {
    const read = await client.get(`/v1/connections/${source}`);
    expect(read.body).toMatchObject({ secrets_set: ['/api_key'], config: { base_url: world.shop.address }, revision: 1 });
    const changed = await client.patch(`/v1/connections/${source}`, {
      revision: 1,
      config: { base_url: world.shop.address, page_size: 10 },
    });
    expect(changed).toMatchObject({ status: 200, body: { revision: 2, secrets_set: ['/api_key'], config: { page_size: 10 } } });
    expect(await client.post(`/v1/connections/${source}:check`)).toMatchObject({ status: 200, body: { ok: true } });
    const late = await client.patch(`/v1/connections/${source}`, { revision: 1, name: 'late' });
    expect(late).toMatchObject({ status: 409, body: { code: 'VERSION_CONFLICT' } });
    const removed = await client.patch(`/v1/connections/${source}`, {
      revision: 2,
      config: { base_url: world.shop.address, api_key: null },
    });
    expect(removed).toMatchObject({ status: 422, body: { code: 'CONFIG_INVALID', errors: [{ path: '/config/api_key' }] } });
  });

  test('a configuration that does not fit, an unknown connector and a taken name are refused', async () => {
    const post = (change: object) =>
      client.post('/v1/connections', { name: 'other', connector: 'demo-shop', config: world.shopConfig, ...change });
    expect(await post({ config: { base_url: 'no address', api_key: `${SECRET_MARKER}-x`, page_size: 0 } })).toMatchObject({
      status: 422,
      body: { code: 'CONFIG_INVALID', errors: expect.arrayContaining([expect.objectContaining({ path: '/config/page_size' })]) },
    });
    expect(await post({ connector: 'none' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/connector', found: 'none' }] },
    });
    expect(await post({ name: 'shop' })).toMatchObject({ status: 409, body: { code: 'NAME_TAKEN' } });
  });

  test('a check says what is wrong: the key, the address, a forbidden address', async () => {
    const check = async (name: string, connector: string, config: object) => {
      const { body } = await client.post('/v1/connections', { name, connector, config });
      return client.post(`/v1/connections/${String(body.id)}:check`);
    };
    expect(await check('c1', 'demo-shop', { ...world.shopConfig, api_key: `${SECRET_MARKER}-wrong` })).toMatchObject({
      status: 200,
      body: { ok: false, error: { code: 'SOURCE_AUTH_FAILED', next: expect.any(String) } },
    });
    expect((await check('c2', 'demo-shop', { ...world.shopConfig, base_url: `http://${CLOSED_PORT}` })).body).toMatchObject({
      ok: false,
      error: { code: 'SOURCE_UNREACHABLE' },
    });
    expect((await check('c3', 'demo-shop', { ...world.shopConfig, base_url: 'http://169.254.169.254' })).body).toMatchObject({
      ok: false,
      error: { code: 'EGRESS_REFUSED' },
    });
    expect((await check('c4', 'postgres', { ...world.warehouseConfig, host: '127.0.0.1', port: 9 })).body).toMatchObject({
      ok: false,
      error: { code: 'DESTINATION_UNREACHABLE' },
    });
    expect((await client.post(`/v1/connections/${destination}:check`)).body).toEqual({ ok: true });
  });

  test('streams are discovered with schema, key, cursor and modes; a destination has none', async () => {
    const { status, body } = await client.get(`/v1/connections/${source}/streams`);
    expect(status).toBe(200);
    expect(body.data.find(({ name }) => name === 'orders')).toMatchObject({
      ...{ primary_key: ['id'], cursor_field: 'updated_at', unavailable: null, resume: expect.any(String) },
      ...{ json_schema: { properties: expect.anything() }, modes: expect.arrayContaining(['incremental_upsert']) },
    });
    expect(await client.get(`/v1/connections/${destination}/streams`)).toMatchObject({ status: 422 });
  });
});

describe('idempotency', () => {
  test('the same request is answered once and repeated, another one under its key is refused', async () => {
    const key = { 'idempotency-key': 'once' };
    const body = { name: 'once', connector: 'postgres', config: world.warehouseConfig };
    const [first, second] = [await client.post('/v1/connections', body, key), await client.post('/v1/connections', body, key)];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([null, 'true']);
    const other = await client.post('/v1/connections', { ...body, name: 'twice' }, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect((await client.post('/v1/syncs', body, key)).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('a refusal is repeated too, and of many at once one is answered', async () => {
    const refused = () => client.post('/v1/connections', { name: 'shop' }, { 'idempotency-key': 'refused' });
    const [first, second] = [await refused(), await refused()];
    expect([first.status, second.status]).toEqual([422, 422]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('content-type')).toContain('application/problem+json');
    const body = { name: 'many', connector: 'postgres', config: world.warehouseConfig };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => client.post('/v1/connections', body, { 'idempotency-key': 'many' })),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map((answer) => String(answer.body.id))).size).toBe(1);
    expect(answers.every(({ status, body: { code } }) => status === 201 || code === 'IDEMPOTENCY_IN_FLIGHT')).toBe(true);
    expect(await client.post('/v1/connections', body, { 'idempotency-key': '' })).toMatchObject({ status: 400 });
  });
});

describe('syncs', () => {
  test.each<[string, string, object]>([
    ['UNKNOWN_STREAM', '/streams/0/name', { streams: [{ name: 'ordres', mode: 'incremental_append' }] }],
    [
      'PRIMARY_KEY_MISSING',
      '/streams/0/primary_key/0',
      { streams: [{ name: 'orders', mode: 'incremental_upsert', primary_key: ['nope'] }] },
    ],
    [
      'CURSOR_MISSING',
      '/streams/0/cursor_field',
      { streams: [{ name: 'orders', mode: 'incremental_append', cursor_field: 'nope' }] },
    ],
    ['INVALID_SCHEDULE', '/schedule/cron', { schedule: { cron: 'every day' } }],
    ['INVALID_SCHEDULE', '/schedule/timezone', { schedule: { cron: '0 * * * *', timezone: 'Mars/Base' } }],
    ['INVALID_SCHEDULE', '/schedule', { schedule: { cron: '0 * * * *', interval_seconds: 60 } }],
    ['VALIDATION_FAILED', '/source_id', { source_id: '00000000-0000-4000-8000-000000000000' }],
  ])('%s at %s', async (code, path, change) => {
    const answer = await client.post('/v1/syncs', newSync('bad', change));
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(firstError(answer)).toMatchObject({ path });
    expect((await client.get('/v1/syncs')).body.data.map(({ name }) => name)).not.toContain('bad');
  });

  test('source and destination cannot change places', async () => {
    const answer = await client.post('/v1/syncs', newSync('bad', { source_id: destination, destination_id: source }));
    expect(firstError(answer)).toMatchObject({ path: '/source_id', message: expect.stringContaining('destination') });
  });

  test('a sync is made, versioned, guarded against silent resets, and holds its connections', async () => {
    const made = await client.post('/v1/syncs', newSync('life', { schedule: { cron: '0 9 * * *', timezone: 'Europe/Berlin' } }));
    expect(made).toMatchObject({ status: 201, body: { version: 1, namespace: 'shop', schedule: { overlap: 'skip' } } });
    expect(made.body.next_fire_times).toHaveLength(5);
    const at = `/v1/syncs/${String(made.body.id)}`;

    const upsert = { streams: [{ name: 'orders', mode: 'incremental_upsert' }] };
    const refused = await client.patch(at, upsert);
    expect(refused).toMatchObject({ status: 409, body: { code: 'RESET_REQUIRED', errors: [{ path: '/streams/0/mode' }] } });
    expect(await client.patch(at, { ...upsert, reset: ['customers'] })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/reset/0' }] },
    });
    expect(await client.patch(at, { ...upsert, reset: ['orders'], version: 7 })).toMatchObject({
      status: 409,
      body: { code: 'VERSION_CONFLICT' },
    });
    const changed = await client.patch(at, { ...upsert, reset: ['orders'], schedule: null });
    expect(changed).toMatchObject({ status: 200, body: { version: 2, schedule: null, next_fire_times: [] } });
    expect((await client.patch(at, { name: 'renamed' })).body).toMatchObject({ version: 2, name: 'renamed' });

    const newest = await client.get(`${at}/versions?limit=1`);
    const oldest = await client.get(`${at}/versions?limit=1&cursor=${String(newest.body.next_cursor)}`);
    expect(newest.body.data).toMatchObject([{ version: 2, resets: ['orders'] }]);
    expect(oldest.body).toMatchObject({ data: [{ version: 1, resets: [] }], next_cursor: null });

    const inUse = await client.delete(`/v1/connections/${source}`);
    expect(inUse).toMatchObject({ status: 409, body: { code: 'IN_USE', detail: expect.stringContaining('renamed') } });
    expect((await client.delete(at)).status).toBe(204);
    expect((await client.get(at)).status).toBe(404);
  });

  test('an unused connection can be deleted, and its name used again', async () => {
    const body = { name: 'short-lived', connector: 'postgres', config: world.warehouseConfig };
    const { id } = (await client.post('/v1/connections', body)).body as { id: string };
    expect((await client.delete(`/v1/connections/${id}`)).status).toBe(204);
    expect((await client.get(`/v1/connections/${id}`)).status).toBe(404);
    expect((await client.delete(`/v1/connections/${id}`)).status).toBe(404);
    expect((await client.post('/v1/connections', body)).status).toBe(201);
  });

  test('lists are paged to their end, each item once', async () => {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await client.get(`/v1/connections?limit=2${cursor}`);
      ids.push(...body.data.map(({ id }) => String(id)));
      if (body.next_cursor == null) break;
      cursor = `&cursor=${String(body.next_cursor)}`;
    }
    expect(ids.length).toBeGreaterThan(4);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('no secret is in any answer or in the log', () => {
  const answers = client.seen;
  expect(answers.length).toBeGreaterThan(10_000);
  expect(answers).not.toContain(SECRET_MARKER);
  expect(world.api.output()).toContain('the API is ready');
  expect(world.api.output()).not.toContain(SECRET_MARKER);
  expect(world.api.output()).not.toContain(String(world.env['SLUICE_BOOTSTRAP_API_KEY']));
});
