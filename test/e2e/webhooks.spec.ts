import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { FLOW_WORKFLOW, flowWorkflowId } from '../../libs/contracts/flow-workflow.js';
import { inTransaction, replaceSubscriptions } from '../../libs/store/index.js';
import { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { HOOKED_MANIFEST, HOOKED_SLUICE, SENDERS } from '../support/hooks/signed-requests.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { eventually } from '../support/eventually.js';

let world: RunWorld;
let api: AppProcess;
let provider: ApiClient;
let client: ApiClient;
let temporal: TcpProxy;
let worker: ChildProcess;
let connection: string;
let hook: { id: string; secret: string };

beforeAll(async () => {
  world = await RunWorld.create();
  const [host = '', port = ''] = (process.env['SLUICE_TEST_TEMPORAL_ADDRESS'] ?? '').split(':');
  temporal = await startTcpProxy({ host, port: Number(port) });
  ({ api, client } = await world.startApi({ TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}` }));
  provider = new ApiClient(api.address, null);
  worker = await world.startWorker({ TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}` });
  await client.post('/v1/connectors', { name: 'hooked', manifest: HOOKED_MANIFEST, sluice: HOOKED_SLUICE });
  connection = (await client.post('/v1/connections', { name: 'h', connector: 'hooked', config: {} })).body.id as string;
  const made = (await client.post(`/v1/connections/${connection}/hooks`, { webhook: 'stripe' })).body;
  hook = { id: made.id as string, secret: made['secret'] as string };
  await inTransaction(world.pool, (tx) =>
    replaceSubscriptions(tx, {
      flowId: randomUUID(),
      subscriptions: [
        { workspaceId: world.workspaceId, connectionId: connection, eventType: 'charge.succeeded', flowVersion: 1 },
      ],
    }),
  );
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await temporal?.close();
});

/** Each twice, the second time in another order. */
async function send(ids: readonly string[], type = 'charge.succeeded'): Promise<string[]> {
  const sent = [...ids, ...ids.toReversed()].map(async (id) => {
    const { headers, body } = SENDERS.stripe({ id, type, secret: hook.secret, more: { object: { id } } });
    const answer = await provider.post(`/v1/hooks/${hook.id}`, body, headers);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body['event'] as string;
  });
  return [...new Set(await Promise.all(sent))];
}

const newIds = (count: number) => Array.from({ length: count }, () => randomUUID());
type Delivery = { id: string; state: string };
const deliveries = async (events: readonly string[]): Promise<Delivery[]> => {
  const all = await Promise.all(
    events.map(async (id) => (await client.get(`/v1/events/${id}`)).body['deliveries'] as Delivery[]),
  );
  return all.flat();
};

/** Resolves when a workflow was started for each. */
async function untilStarted(events: readonly string[]): Promise<void> {
  const pending = async () => (await deliveries(events)).filter(({ state }) => state === 'pending').length;
  await eventually(pending, (count) => count === 0);
}

const workflowOf = async ({ id }: Delivery) =>
  (await world.temporal.client.workflow.getHandle(flowWorkflowId(id)).describe()).type;

it('events that come twice start one workflow each, and what no flow wants starts none', async () => {
  const events = await send(newIds(10));
  expect(events).toHaveLength(10);
  await untilStarted(events);
  const started = await deliveries(events);
  expect(started).toHaveLength(10);
  for (const delivery of started) expect(await workflowOf(delivery)).toBe(FLOW_WORKFLOW);
  const unwanted = await send(newIds(2), 'charge.refunded');
  expect(unwanted).toHaveLength(2);
  expect(await deliveries(unwanted)).toEqual([]);
});

it('while Temporal is away events are acknowledged; they run when it is back, also after their worker was killed', async () => {
  await temporal.close();
  const events = await send(newIds(20));
  expect(events).toHaveLength(20);
  await endWorker(worker, 'SIGKILL');
  const more = await send(newIds(5));
  const all = [...events, ...more];
  expect((await deliveries(all)).map(({ state }) => state)).toEqual(Array<string>(25).fill('pending'));
  // What the one that died had taken comes back after ten seconds: they have passed.
  await world.pool.query(`UPDATE control.delivery SET claimed_until = now() WHERE claimed_until IS NOT NULL`);
  worker = await world.startWorker();
  await untilStarted(all);
  for (const delivery of await deliveries(all)) expect(await workflowOf(delivery)).toBe(FLOW_WORKFLOW);
}, 120_000);

it('a delivery that was started, and whose relay died before it could say so, is not started twice', async () => {
  const events = await send(newIds(3));
  await untilStarted(events);
  const runs = async () =>
    Promise.all(
      (await deliveries(events)).map(async ({ id }) => {
        const { runId } = await world.temporal.client.workflow.getHandle(flowWorkflowId(id)).describe();
        return runId;
      }),
    );
  const before = await runs();
  await world.pool.query(`UPDATE control.delivery SET state = 'pending', claimed_until = NULL WHERE event_id = ANY($1::uuid[])`, [
    events,
  ]);
  await untilStarted(events);
  expect(await runs()).toEqual(before);
});

it('nothing of an event is in its workflow’s history', async () => {
  const [event = ''] = await send(newIds(1));
  await untilStarted([event]);
  const [delivery] = await deliveries([event]);
  const { events = [] } = await world.temporal.client.workflow.getHandle(flowWorkflowId(delivery?.id ?? '')).fetchHistory();
  const payloads = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  expect(payloads.map(({ data }) => JSON.parse(Buffer.from(data ?? '').toString()) as unknown)).toEqual([
    { flowRunId: delivery?.id },
  ]);
});
