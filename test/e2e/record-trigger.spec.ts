import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { openBody } from '../../libs/events/index.js';
import type { DemoSystems } from '../../apps/demo/scenarios/demo-systems.js';
import { exampleFlow } from '../../apps/demo/scenarios/example-flows.js';
import type { EventRow } from '../../libs/store/index.js';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { connectDemoSystems, startDemoSystems } from '../support/flows/demo-systems.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';
import { eventually } from '../support/eventually.js';

let shop: AppProcess;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let systems: DemoSystems;
let worker: ChildProcess;
const allowed = () => world.allowing(new URL(shop.address).host);
const yaml = { 'content-type': 'application/yaml' };
const ended = ({ state }: { state: string }) => ['succeeded', 'failed', 'cancelled'].includes(state);

beforeAll(async () => {
  shop = await startDemoSystems();
  world = await RunWorld.create();
  const started = await world.startApi(allowed());
  ({ api, client } = started);
  systems = await connectDemoSystems(shop, { address: api.address, key: started.key });
  worker = await world.startWorker(allowed());
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await shop?.stop();
});

const sell = (total: number) =>
  systems.call('POST', '/shop/sales', {
    ...{ customer_email: 'ann@example.com', currency: 'EUR' },
    lines: [{ sku: 'cup', quantity: 1, unit_price: total }],
  });
interface Body {
  change: string;
  record: { id: number };
  run: { id: string };
}
/** What the inbox has of a sync's records. */
async function told(syncId: string): Promise<Body[]> {
  const { rows } = await world.pool.query<EventRow>(
    `SELECT workspace_id AS "workspaceId", connection_id AS "connectionId", body FROM control.event
     WHERE kind = 'record' AND starts_with(subject, $1) ORDER BY seq`,
    [`${syncId}/`],
  );
  return rows.map((row) => JSON.parse(openBody(world.secrets, row)) as Body);
}
/** Until nobody has to look at the sync's outbox any more. */
async function untilTaken(syncId: string): Promise<void> {
  const feeds = async () => (await world.pool.query('SELECT FROM control.record_feed WHERE sync_id = $1', [syncId])).rowCount;
  await eventually(feeds, (count) => count === 0);
}
const left = async () => (await world.destination.query('SELECT FROM sluice.outbox')).rowCount;

it('records that a sync adds start a flow, once each; what did not change starts none', async () => {
  const sync = await client.post('/v1/syncs', {
    ...{ name: 'sales', source_id: systems.connections['shop'], destination_id: world.destinationId, namespace: 'public' },
    streams: [{ name: 'sales', mode: 'incremental_upsert' }],
  });
  expect(sync).toMatchObject({ status: 201 });
  const syncId = String(sync.body.id);
  const run = async () => {
    const made = await client.post(`/v1/syncs/${syncId}/runs`, {});
    expect(await world.until(String(made.body.id), ended, 60_000)).toMatchObject({ state: 'succeeded' });
    await untilTaken(syncId);
  };
  // Before there is a flow nobody is told.
  const before = await sell(1);
  await run();
  expect(await told(syncId)).toEqual([]);

  const flow = await client.post('/v1/flows', exampleFlow('new-sale-record-to-books'), yaml);
  expect(flow).toMatchObject({ status: 201, body: { trigger: 'record' } });
  const dry = await client.post(`/v1/flows/${flow.body.id}:dry-run`, {
    event: { body: { record: { id: 's', total: 3, currency: 'EUR' } } },
  });
  expect(dry).toMatchObject({ status: 200, body: { steps: [{ outcome: 'would_run' }] } });
  const sales = await Promise.all([11, 12, 13].map(sell));
  await run();
  await systems.call('PUT', `/shop/sales/${String(sales[0]?.['id'])}/status`, { status: 'paid' });
  await run();
  expect((await told(syncId)).map(({ change, record }) => `${change} ${record.id}`).sort()).toEqual(
    sales.map(({ id }) => `inserted ${String(id)}`).sort(),
  );
  const runs = async () => (await client.get(`/v1/flow-runs?flow_id=${flow.body.id}`)).body.data;
  await eventually(runs, (data) => data.length === 3 && data.every(({ state }) => state === 'succeeded'), { everyMs: 100 });
  const entries = await systems.list('/accounting/entries');
  expect(entries.map(({ reference, amount }) => [reference, amount]).sort()).toEqual(
    sales.map(({ id, total }) => [id, total]).sort(),
  );
  expect(entries.map(({ reference }) => reference)).not.toContain(before['id']);
  expect(await left()).toBe(0);
  const streams = [{ name: 'sales', mode: 'scd2' }];
  expect(await client.patch(`/v1/syncs/${syncId}`, { streams, reset: ['sales'] })).toMatchObject({
    status: 409,
    body: { code: 'IN_USE' },
  });
  const events = (await client.get('/v1/events?kind=record')).body.data;
  expect(events).toHaveLength(3);
  expect(events[0]).toMatchObject({ type: 'record.inserted', subject: `${syncId}/sales`, connection_id: null });
  await client.delete(`/v1/flows/${flow.body.id}`);
}, 180_000);

it('workers that are killed while they load and while they tell lose no change and tell of none twice', async () => {
  const rows = 600;
  const sync = await world.createSync({ source: { rows, pageRows: 50, pauseMs: 40 }, mode: 'incremental_upsert', table: 'told' });
  const flow = await client.post('/v1/flows', {
    ...{ name: 'told', on: { record: { sync, stream: 'numbers' } }, when: 'event.body.record.id == 7' },
    steps: [
      {
        ...{ id: 'book', connection: 'accounting', action: 'post_entry' },
        input: { reference: '"number " & event.body.record.id', amount: 7, currency: '"EUR"', account: '"numbers"' },
      },
    ],
  });
  expect(flow).toMatchObject({ status: 201 });
  const run = await world.start(sync);
  for (const atLeast of [100, 300]) {
    await world.untilRows(atLeast, 'told');
    await endWorker(worker, 'SIGKILL');
    // What a relay that died had taken comes back when its lease is over: it has passed.
    await world.pool.query(`UPDATE control.record_feed SET look_at = now()`);
    worker = await world.startWorker(allowed());
  }
  expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded' });
  await untilTaken(sync);
  const ids = (await told(sync)).map(({ record }) => record.id);
  expect(ids).toHaveLength(rows);
  expect(new Set(ids).size).toBe(rows);
  expect(await left()).toBe(0);
}, 240_000);

it('a flow is refused where runs cannot tell, and says why and where', async () => {
  const step = {
    ...{ id: 'book', connection: 'accounting', action: 'post_entry' },
    input: { reference: 'event.id', amount: 7, currency: '"EUR"', account: '"numbers"' },
  };
  const overwrite = await world.createSync({ source: { rows: 1 }, mode: 'full_refresh_overwrite', table: 'anew' });
  const append = await world.createSync({ source: { rows: 1 }, mode: 'incremental_append', table: 'added' });
  const refused = async (record: object) => {
    const { status, body } = await client.post('/v1/flows', { name: 'no', on: { record }, steps: [step] });
    return [status, body['code'], (body['errors'] as { path: string }[] | undefined)?.map(({ path }) => path)];
  };
  const at = (path: string) => [422, 'FLOW_INVALID', [`/on/record/${path}`]];
  expect(await refused({ sync: overwrite, stream: 'numbers' })).toEqual(at('stream'));
  expect(await refused({ sync: append, stream: 'letters' })).toEqual(at('stream'));
  expect(await refused({ sync: append, stream: 'numbers', changes: ['deleted'] })).toEqual(at('changes'));
  expect(await refused({ sync: 'none', stream: 'numbers' })).toEqual(at('sync'));
});
