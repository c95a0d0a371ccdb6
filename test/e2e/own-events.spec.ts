import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DemoSystems } from '../../apps/demo/scenarios/demo-systems.js';
import { exampleFlow } from '../../apps/demo/scenarios/example-flows.js';
import { flowWorkflowId } from '../../libs/contracts/flow-workflow.js';
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
const allowed = () => world.allowing(new URL(shop.address).host);
const yaml = { 'content-type': 'application/yaml' };
const ended = ({ state }: { state: string }) => ['succeeded', 'failed', 'cancelled'].includes(state);

beforeAll(async () => {
  shop = await startDemoSystems();
  world = await RunWorld.create();
  const started = await world.startApi(allowed());
  ({ api, client } = started);
  systems = await connectDemoSystems(shop, { address: api.address, key: started.key });
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await shop?.stop();
});

const events = async (type: string, subject: string) =>
  (await client.get(`/v1/events?kind=system&type=${type}&subject=${subject}&limit=100`)).body.data;
const until = async <T>(look: () => Promise<T | undefined>): Promise<T> =>
  (await eventually(look, (found) => found !== undefined)) as T;
const fail = { code: 'SOURCE_BAD_RESPONSE', at: 150, detail: 'the secret of Ann' } as const;

it('a sync that fails is an event, once, and a flow makes a ticket of it', async () => {
  const worker = await world.startWorker(allowed());
  const [sync, other] = [
    await world.createSync({ source: { rows: 300, fail }, mode: 'incremental_append', table: 'failing' }),
    await world.createSync({ source: { rows: 301, fail }, mode: 'incremental_append', table: 'failing_too' }),
  ];
  const made = await client.post(
    '/v1/flows',
    exampleFlow('sync-failed-to-ticket').replace('sync: nightly', `sync: ${sync}`),
    yaml,
  );
  expect(made).toMatchObject({ status: 201, body: { trigger: 'system' } });
  expect(await client.delete(`/v1/syncs/${sync}`)).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
  const name = String((await client.get(`/v1/syncs/${sync}`)).body['name']);
  const runs = [await world.start(sync), await world.start(other)];
  for (const run of runs) expect(await world.until(run, ended)).toMatchObject({ state: 'failed' });

  const [event, ...more] = await events('sync.failed', sync);
  expect(more).toEqual([]);
  expect(await events('sync.failed', other)).toMatchObject([{ state: 'unmatched' }]);
  const { body } = await client.get(`/v1/events/${String(event?.['id'])}?body=true`);
  expect(body['body']).toEqual({
    ...{ sync: { id: sync, name }, run: { id: runs[0], lane: 'live', trigger: 'api' } },
    error: { code: 'SOURCE_BAD_RESPONSE', stream: 'numbers' },
  });
  const [ticket, ...others] = await until(async () => {
    const tickets = await systems.list('/support/tickets');
    return tickets.length === 0 ? undefined : tickets;
  });
  expect(others).toEqual([]);
  expect(ticket).toMatchObject({ external_id: runs[0], subject: expect.stringContaining(name) });
  await client.delete(`/v1/flows/${made.body.id}`);
  await endWorker(worker, 'SIGKILL');
}, 180_000);

it('a sync that misses its time is late, says since when, and is an event once; one that ran is not late any more', async () => {
  const schedule = { cron: '0 0 1 1 *', timezone: 'UTC', jitter_seconds: 0, overlap: 'skip' as const, paused: false };
  const sync = await world.createSync({ source: { rows: 200 }, mode: 'incremental_append', table: 'late', schedule });
  const lateSince = async () => (await client.get(`/v1/syncs/${sync}`)).body['late_since'];
  expect(await lateSince()).toBeNull();
  // As if it had had its schedule for two years.
  await world.pool.query(`UPDATE control.sync SET schedule_since = now() - interval '2 years' WHERE id = $1`, [sync]);
  const due = await until(async () => (await lateSince()) ?? undefined);
  expect(due).toBe(`${new Date().getUTCFullYear()}-01-01T00:00:00.000Z`);
  expect(await events('sync.late', sync)).toMatchObject([{ occurred_at: due, state: 'unmatched' }]);

  await world.startWorker(allowed());
  expect(await world.until(await world.start(sync), ended)).toMatchObject({ state: 'succeeded' });
  await until(async () => ((await lateSince()) === null ? true : undefined));
  expect(await events('sync.late', sync)).toHaveLength(1);
}, 120_000);

it('refused credentials of a run make its connection say so, until a run succeeds with them', async () => {
  const refuse = { code: 'SOURCE_AUTH_FAILED', at: 50 } as const;
  const sync = await world.createSync({ source: { rows: 100, fail: refuse }, mode: 'incremental_append', table: 'refused' });
  expect(await world.until(await world.start(sync), ended)).toMatchObject({ state: 'failed' });
  const { source_id: connection } = (await client.get(`/v1/syncs/${sync}`)).body;
  const needs = async () => (await client.get(`/v1/connections/${String(connection)}`)).body['needs_reauthorization_since'];
  expect(await needs()).toEqual(expect.any(String));
  expect(await events('connection.needs_reauthorization', String(connection))).toHaveLength(1);
  await world.pool.query(`UPDATE control.connection SET config = '{"rows": 100}' WHERE id = $1`, [connection]);
  expect(await world.until(await world.start(sync), ended)).toMatchObject({ state: 'succeeded' });
  expect(await needs()).toBeNull();
});

it('a delivery whose workflow was lost before the flow began is started again', async () => {
  const flow = await client.post('/v1/flows', exampleFlow('inquiry-to-ticket'), yaml);
  expect(flow).toMatchObject({ status: 201 });
  const id = randomUUID();
  // As Temporal would leave it that lost all it had: started long ago, and nothing began.
  await systems.call('POST', '/crm/inquiries', { email: 'ann@example.com', subject: 'Hello', message: 'Anyone?' });
  const delivered = await until(async () => {
    const { rows } = await world.pool.query<{ id: string; event: string }>(
      `SELECT d.id, d.event_id AS event FROM control.delivery d JOIN control.flow_run r ON r.id = d.id
       WHERE d.flow_id = $1 AND r.finished_at IS NOT NULL`,
      [flow.body.id],
    );
    return rows[0];
  });
  await world.pool.query(
    `INSERT INTO control.delivery (id, event_id, flow_id, flow_version, round, state, started_at)
     VALUES ($1, $2, $3, 1, 1, 'started', now() - interval '1 day')`,
    [id, delivered.event, flow.body.id],
  );
  const again = await until(async () => {
    const { status, body } = await client.get(`/v1/flow-runs/${id}`);
    return status === 200 && body['finished_at'] !== null ? body : undefined;
  });
  expect(again).toMatchObject({ state: 'succeeded', trigger: 'webhook' });
  expect((await world.temporal.client.workflow.getHandle(flowWorkflowId(id)).describe()).status.name).toBe('COMPLETED');
}, 120_000);
