import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../support/api-client.js';
import { startApp, type AppProcess } from '../support/app-process.js';
import { RunWorld } from '../support/runs/run-world.js';
import { eventually } from '../support/eventually.js';

const KEY = 'shop-key';
const ADMIN = 'boss';
const SIZES = ['--customers', '5', '--orders', '200', '--order-items', '1', '--products', '1', '--events', '1'];

/** What is written a moment later. */
const SOON = { withinMs: 20_000, everyMs: 100 };

let shop: AppProcess;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let connection: string;

beforeAll(async () => {
  shop = await startApp('demo-shop', { args: [...SIZES, '--api-key', KEY, '--admin-token', ADMIN] });
  world = await RunWorld.create();
  const allowed = world.allowing(new URL(shop.address).host);
  ({ api, client } = await world.startApi(allowed));
  await world.startWorker(allowed);
  const config = { base_url: shop.address, api_key: KEY, page_size: 50 };
  connection = await client.created('/v1/connections', { name: 'shop', connector: 'demo-shop', config });
}, 120_000);
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await shop?.stop();
});

async function misbehave(...rules: object[]): Promise<void> {
  const headers = { 'x-api-key': KEY, 'x-admin-token': ADMIN };
  const answer = await fetch(`${shop.address}/shop/_admin/faults`, { method: 'PUT', headers, body: JSON.stringify(rules) });
  expect(answer.status).toBe(200);
}
let syncs = 0;
const syncOf = (stream: string) =>
  client.created('/v1/syncs', {
    ...{ name: `${stream} ${++syncs}`, source_id: connection, destination_id: world.destinationId },
    streams: [{ name: stream, mode: 'full_refresh_overwrite', table: `${stream}_${syncs}` }],
  });
async function run(sync: string): Promise<void> {
  const started = await client.post(`/v1/syncs/${sync}/runs`);
  expect(started.status).toBe(202);
  await world.until(started.body.id ?? '', ({ state }) => state === 'succeeded', 60_000);
}
const systemEvents = async (type: string) => (await client.get(`/v1/events?kind=system&type=${type}`)).body.data;

describe('a provider that retires its API', () => {
  interface Versions {
    versions: { current: boolean; api_version: unknown; retirements_url: unknown }[];
    announcements: { operation: { kind: string; name: string }; first_seen_at: string; sunset_at: string }[];
  }
  const versions = async (name: string) => (await client.get(`/v1/connectors/${name}/versions`)).body as unknown as Versions;

  it('is heard in whatever it answers, stored for each operation, and an event once', async () => {
    const said = {
      deprecation: '@1688169599',
      sunset: 'Sun, 11 Nov 2029 23:59:59 GMT',
      link: '<https://shop.test/docs/v1?key=secret>; rel="deprecation"; type="text/html", <https://shop.test/end>; rel="sunset"',
    };
    await misbehave({ kind: 'retire', headers: said });
    await run(await syncOf('orders'));
    // Of a sale that is not there: refusals are answers, too.
    const input = { id: 'none', status: 'paid' };
    await client.post(`/v1/connections/${connection}/actions/set_sale_status`, { input }, { prefer: 'wait=20' });
    const found = await eventually(
      () => versions('demo-shop'),
      ({ announcements }) => announcements.length === 2,
      SOON,
    );
    const common = {
      ...{ connection_id: connection, host: new URL(shop.address).host, deprecated: true, sunset_at: '2029-11-11T23:59:59.000Z' },
      ...{
        deprecated_at: '2023-06-30T23:59:59.000Z',
        deprecation_link: 'https://shop.test/docs/v1',
        sunset_link: 'https://shop.test/end',
      },
    };
    expect(found.announcements).toMatchObject([
      { ...common, operation: { kind: 'action', name: 'set_sale_status' } },
      { ...common, operation: { kind: 'stream', name: 'orders' } },
    ]);
    const events = await systemEvents('connector.retirement_announced');
    expect(events).toHaveLength(1);
    expect((await client.get(`/v1/events/${String(events[0]?.id)}?body=true`)).body['body']).toMatchObject({
      connector: { name: 'demo-shop' },
      retirement: { sunset_at: '2029-11-11T23:59:59.000Z', deprecation_link: 'https://shop.test/docs/v1' },
    });

    await misbehave({ kind: 'retire', headers: { sunset: 'Mon, 12 Nov 2029 23:59:59 GMT' } });
    await client.post(`/v1/connections/${connection}:check`);
    await eventually(
      () => systemEvents('connector.retirement_announced'),
      (all) => all.length === 2,
      SOON,
    );
    await misbehave();
    expect(client.seen).not.toContain('key=secret');
  }, 120_000);

  it('is written for, in versions that the connector declares', async () => {
    const manifest = {
      version: '6.1.0',
      type: 'DeclarativeSource',
      check: { type: 'CheckStream', stream_names: [] },
      streams: [],
    };
    const sluice = (more: object) => ({ name: 'old', manifest, sluice: { version: 1, ...more } });
    const retirements = { url: 'https://provider.test/changes' };
    expect(await client.post('/v1/connectors', sluice({ api_version: '2024-10' }))).toMatchObject({ status: 201 });
    const next = { api_version: { version: '2025-01', in: 'header', name: 'X-Version' }, retirements };
    expect(await client.post('/v1/connectors', sluice(next))).toMatchObject({ status: 201 });
    expect((await versions('old')).versions).toMatchObject([
      { current: true, api_version: { version: '2025-01', in: 'header', name: 'X-Version' }, retirements_url: retirements.url },
      { current: false, api_version: { version: '2024-10', in: null, name: null }, retirements_url: null },
    ]);
    const wrong = await client.post('/v1/connectors', sluice({ retirements: { url: 'changes' } }));
    expect(wrong).toMatchObject({ status: 422, body: { code: 'MANIFEST_INVALID' } });
    expect(JSON.stringify(wrong.body.errors)).toContain('/retirements/url');
    expect(await client.get('/v1/connectors/none/versions')).toMatchObject({ status: 404 });
  });
});

describe('a provider whose answers change', () => {
  interface Drift {
    operation: { kind: string; name: string };
    change: string;
    field: string;
    found: string | null;
    records: number;
  }
  const drift = async () => (await client.get(`/v1/connections/${connection}/drift`)).body.data as unknown as Drift[];

  it('is noticed in samples of its records and in results of actions, and an event once for each change', async () => {
    const sync = await syncOf('orders');
    // What is always there is learned from records that fit; nothing of them is told.
    await run(sync);
    expect(await drift()).toEqual([]);
    await misbehave({ kind: 'drift' });
    // A worker looks at a stream once in ten seconds.
    const found = await eventually(
      async () => {
        await run(sync);
        return drift();
      },
      (all) => all.length >= 2,
      SOON,
    );
    const orders = { kind: 'stream', name: 'orders' };
    expect(found).toMatchObject([
      { operation: orders, change: 'new_field', field: '/channel', found: null },
      { operation: orders, change: 'changed_type', field: '/id', found: 'string' },
    ]);
    expect(found[0]?.records).toBeGreaterThanOrEqual(50);
    const events = await systemEvents('schema.drift');
    expect(events).toHaveLength(2);
    expect((await client.get(`/v1/events/${String(events[0]?.id)}?body=true`)).body['body']).toMatchObject({
      ...{ connector: { name: 'demo-shop' }, connection: { id: connection }, operation: orders },
      drift: { field: expect.stringMatching(/^\/(channel|id)$/) as unknown },
    });
    await misbehave();
  }, 180_000);

  it('is no drift of a connection that is not there', async () => {
    expect(await client.get('/v1/connections/11111111-1111-4111-8111-111111111111/drift')).toMatchObject({ status: 404 });
  });
});
