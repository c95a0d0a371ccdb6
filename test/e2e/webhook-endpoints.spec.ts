import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { PaymentsApi, paymentsManifest, paymentsSluice } from '../support/actions/payments-api.js';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';
import { Receiver, signaturesOf } from '../support/webhook-endpoints/receiver.js';
import { eventually } from '../support/eventually.js';

/** In inputs and errors of providers, and in nothing that anybody is told. */
const MARKER = 'Mrs-Nobody-71c0';

let receiver: Receiver;
let provider: PaymentsApi;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let worker: ChildProcess;
let hanging: string;
const allowed = () => world.allowing(`${provider.host},${receiver.host}`);

beforeAll(async () => {
  receiver = await Receiver.start();
  provider = await PaymentsApi.start();
  world = await RunWorld.create();
  ({ api, client } = await world.startApi(allowed()));
  worker = await world.startWorker(allowed());
  await client.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice: paymentsSluice });
  const config = { base_url: `http://${provider.host}`, api_key: 'right' };
  await client.post('/v1/connections', { name: 'bank', connector: 'payments', config });
  // Its calls last until their time is over, while everything else goes on.
  receiver.behaviour.set('/hanging', ['hang']);
  hanging = (await endpoint('/hanging', { types: ['run.*'] })).id;
  for (let n = 0; n < 20; n += 1) await test(hanging);
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await provider?.close();
  await receiver?.close();
});

async function endpoint(path: string, more: object = {}): Promise<{ id: string; secret: string }> {
  const made = await client.post('/v1/webhook-endpoints', { url: receiver.url(path), ...more });
  expect(made).toMatchObject({ status: 201, body: { enabled: true } });
  return { id: String(made.body.id), secret: String(made.body['secret']) };
}
async function test(id: string): Promise<string> {
  const sent = await client.post(`/v1/webhook-endpoints/${id}:test`);
  expect(sent).toMatchObject({ status: 202, body: { type: 'ping', state: 'pending' } });
  return String(sent.body.id);
}
const deliveries = async (id: string) => (await client.get(`/v1/webhook-endpoints/${id}/deliveries?limit=100`)).body.data;
async function until(id: string, is: (delivery: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  const all = await eventually(
    () => deliveries(id),
    (found) => found.some(is),
    { withinMs: 40_000 },
  );
  return all.find(is) ?? {};
}

describe('a webhook endpoint', () => {
  it('is told what became of runs, calls and flows: ids, states, codes and counts, signed', async () => {
    const all = await endpoint('/all');
    const some = await endpoint('/some', { types: ['run.failed', 'flow_run.*'] });
    const good = await world.createSync({ source: { rows: 700 }, mode: 'incremental_append', table: 'told' });
    const fail = { code: 'SOURCE_BAD_RESPONSE', at: 150, detail: MARKER } as const;
    const bad = await world.createSync({ source: { rows: 300, fail }, mode: 'incremental_append', table: 'told_not' });
    const runs = [await world.start(good), await world.start(bad)];
    const connection = (await client.get('/v1/connections?limit=100')).body.data.find((one) => one['name'] === 'bank')?.id;
    const call = (amount: number) =>
      client.post(
        `/v1/connections/${String(connection)}/actions/pay`,
        { input: { reference: MARKER, amount } },
        { prefer: 'wait=30' },
      );
    expect(await call(5)).toMatchObject({ status: 200 });
    const refused = await call(13);
    expect(refused).toMatchObject({ status: 422, body: { code: 'ACTION_REFUSED' } });
    const flow = await client.post(
      '/v1/flows',
      `
name: told
on: {request: {input: {type: object}}}
steps:
  - {id: pay, connection: bank, action: pay, input: {reference: '"${MARKER}"', amount: 13}}
`,
      { 'content-type': 'application/yaml' },
    );
    const flowRun = await client.post(`/v1/flows/${String(flow.body.id)}/runs`, { input: {} }, { prefer: 'wait=30' });
    expect(flowRun).toMatchObject({ status: 422, body: { code: 'ACTION_REFUSED' } });

    const told = await receiver.until('/all', 7);
    const of = (type: string) => told.filter(({ body }) => body.type === type).map(({ body }) => body.data);
    expect(told.map(({ body }) => body.type).sort()).toEqual([
      ...['action_run.failed', 'action_run.failed', 'action_run.succeeded', 'flow_run.failed'],
      ...['run.failed', 'run.succeeded', 'sync.failed'],
    ]);
    const base = { sync_id: good, lane: 'live', trigger: 'api', state: 'succeeded', error: null };
    expect(of('run.succeeded')).toMatchObject([{ run_id: runs[0], ...base, counts: { read: 700 } }]);
    expect(of('run.failed')).toMatchObject([{ run_id: runs[1], error: { code: 'SOURCE_BAD_RESPONSE' } }]);
    expect(of('sync.failed')).toMatchObject([{ event_id: expect.any(String), sync: { id: bad }, run: { id: runs[1] } }]);
    expect(of('action_run.failed')[0]).toMatchObject({
      action: 'pay',
      connection_id: connection,
      error: { code: 'ACTION_REFUSED' },
    });
    expect(of('action_run.failed').map((data) => data['action_run_id'])).toContain(refused.body['run']);
    const failed = { flow_run_id: flowRun.body['run'], flow_id: flow.body.id, trigger: 'request', state: 'failed' };
    expect(of('flow_run.failed')).toMatchObject([{ ...failed, error: { code: 'ACTION_REFUSED' } }]);
    expect(JSON.stringify(told)).not.toContain(MARKER);
    for (const message of told) {
      expect(signaturesOf(message, all.secret)).toEqual({ right: 1, all: 1 });
      expect(Math.abs(Number(message.headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(60);
      expect(Date.parse(message.body.timestamp)).not.toBeNaN();
      expect(message.headers['content-type']).toBe('application/json');
    }
    expect(new Set(told.map(({ id }) => id)).size).toBe(7);
    expect((await receiver.until('/some', 2)).map(({ body }) => body.type).sort()).toEqual(['flow_run.failed', 'run.failed']);
    expect(signaturesOf(receiver.at('/some')[0]!, some.secret)).toEqual({ right: 1, all: 1 });
    expect(await until(all.id, ({ type }) => type === 'run.failed')).toMatchObject({
      ...{ state: 'succeeded', attempts: 1, next_try_at: null, finished_at: expect.any(String) },
      tries: [{ status: 204, error: null, latency_ms: expect.any(Number) }],
    });
    for (const { id } of [all, some]) expect(await client.delete(`/v1/webhook-endpoints/${id}`)).toMatchObject({ status: 204 });
  }, 60_000);

  it('that fails is tried again, with the same id, and asks for time with Retry-After', async () => {
    receiver.behaviour.set('/failing', [{ status: 500 }, { status: 200 }]);
    const { id, secret } = await endpoint('/failing', { types: ['run.*'] });
    const message = await test(id);
    expect(await until(id, ({ attempts, next_try_at: at }) => attempts === 1 && at !== null)).toMatchObject({ id: message });
    expect(await until(id, ({ state }) => state === 'succeeded')).toMatchObject({ tries: [{ status: 500 }, { status: 200 }] });
    const told = receiver.at('/failing');
    expect(told.map((one) => one.id)).toEqual([message, message]);
    expect(told.map((one) => signaturesOf(one, secret))).toEqual([
      { right: 1, all: 1 },
      { right: 1, all: 1 },
    ]);
    expect(told[0]?.text).toBe(told[1]?.text);

    receiver.behaviour.set('/busy', [{ status: 503, headers: { 'retry-after': '900' } }]);
    const busy = await endpoint('/busy', { types: ['run.*'] });
    await test(busy.id);
    const waiting = await until(busy.id, ({ tries }) => (tries as unknown[]).length === 1);
    expect(Date.parse(String(waiting['next_try_at'])) - Date.now()).toBeGreaterThan(600_000);
    expect(await client.get(`/v1/webhook-endpoints/${busy.id}`)).toMatchObject({ body: { enabled: true, failing: true } });
  });

  it('that says it is gone is disabled, and what failed can be replayed once it is back', async () => {
    receiver.behaviour.set('/gone', [{ status: 410 }, { status: 200 }]);
    const { id } = await endpoint('/gone', { types: ['run.*'] });
    const message = await test(id);
    expect(await until(id, ({ state }) => state === 'failed')).toMatchObject({ id: message, tries: [{ status: 410 }] });
    const at = `/v1/webhook-endpoints/${id}`;
    expect(await client.get(at)).toMatchObject({ body: { enabled: false, disabled_by: 'gone' } });
    const disabled = { status: 409, body: { code: 'ENDPOINT_DISABLED' } };
    expect(await client.post(`${at}:test`)).toMatchObject(disabled);
    expect(await client.post(`${at}/deliveries/${message}:replay`)).toMatchObject(disabled);
    expect(await client.patch(at, { enabled: true })).toMatchObject({ status: 200, body: { enabled: true, disabled_by: null } });
    expect(await client.post(`${at}/deliveries:replay`, {})).toMatchObject({ status: 200, body: { deliveries: 1 } });
    expect(await until(id, ({ state }) => state === 'succeeded')).toMatchObject({
      id: message,
      attempts: 1,
      tries: [{}, { status: 200 }],
    });
    expect(receiver.at('/gone').map((one) => one.id)).toEqual([message, message]);
  });

  it('is never led to an address inside: redirects are not followed, and names are looked at when it is called', async () => {
    receiver.behaviour.set('/redirect', [{ status: 307, headers: { location: 'http://169.254.169.254/latest/meta-data/' } }]);
    const redirecting = await endpoint('/redirect', { types: ['run.*'] });
    await test(redirecting.id);
    expect(await until(redirecting.id, ({ tries }) => (tries as unknown[]).length === 1)).toMatchObject({
      ...{ state: 'pending', tries: [{ status: 307, error: null }] },
    });
    const local = await client.post('/v1/webhook-endpoints', { url: 'https://localhost/metadata', types: ['run.*'] });
    expect(local).toMatchObject({ status: 201 });
    await test(String(local.body.id));
    expect(await until(String(local.body.id), ({ tries }) => (tries as unknown[]).length === 1)).toMatchObject({
      ...{ state: 'pending', tries: [{ status: null, error: 'EGRESS_REFUSED' }] },
    });
  });

  it('whose secret changes gets both signatures, as long as was said', async () => {
    const { id, secret: first } = await endpoint('/rotating', { types: ['run.*'] });
    const rotated = await client.post(`/v1/webhook-endpoints/${id}:rotate`, { overlap_seconds: 600 });
    expect(rotated).toMatchObject({
      status: 200,
      body: { old_secret_until: expect.any(String), rotated_at: expect.any(String) },
    });
    const second = String(rotated.body['secret']);
    await test(id);
    const [both] = await receiver.until('/rotating', 1);
    for (const secret of [first, second]) expect(signaturesOf(both!, secret)).toEqual({ right: 1, all: 2 });
    const third = String((await client.post(`/v1/webhook-endpoints/${id}:rotate`, { overlap_seconds: 0 })).body['secret']);
    await test(id);
    const [, last] = await receiver.until('/rotating', 2);
    expect(signaturesOf(last!, third)).toEqual({ right: 1, all: 1 });
  });

  it('is told again, with the same id, by another worker where one dies in the middle', async () => {
    receiver.behaviour.set('/killed', ['hang', { status: 200 }]);
    const { id } = await endpoint('/killed', { types: ['run.*'] });
    const message = await test(id);
    await receiver.until('/killed', 1);
    await endWorker(worker, 'SIGKILL');
    expect(await deliveries(id)).toMatchObject([{ id: message, state: 'pending', attempts: 1, tries: [] }]);
    // As if the time of the dead one were over.
    await world.pool.query(`UPDATE control.endpoint_delivery SET due_at = now() WHERE id = $1`, [message]);
    worker = await world.startWorker(allowed());
    expect(await until(id, ({ state }) => state === 'succeeded')).toMatchObject({
      id: message,
      attempts: 2,
      tries: [{ status: 200 }],
    });
    expect(receiver.at('/killed').map((one) => one.id)).toEqual([message, message]);
    expect(await deliveries(id)).toHaveLength(1);
  });

  it('that answers nothing is given up after 15 s a time, and holds up no other', async () => {
    const { id } = await endpoint('/quick', { types: ['run.*'] });
    const begun = Date.now();
    await test(id);
    await receiver.until('/quick', 1);
    expect(Date.now() - begun).toBeLessThan(5_000);
    const timedOut = await until(hanging, ({ tries }) => (tries as { error: string }[])[0]?.error === 'SOURCE_TIMEOUT');
    expect(timedOut).toMatchObject({ state: 'pending', tries: [{ status: null, latency_ms: expect.any(Number) }] });
    expect(await client.get(`/v1/webhook-endpoints/${hanging}`)).toMatchObject({ body: { failing: true } });
  }, 60_000);

  it('is counted among the calls that leave', async () => {
    const usage = async () =>
      (await client.get('/v1/usage?group_by=connector,operation&connector=webhook-endpoint')).body.data.find(
        ({ operation }) => operation === 'ping',
      );
    const ping = await eventually(usage, (found) => Number(found?.['calls'] ?? 0) > 0, { withinMs: 20_000, everyMs: 200 });
    expect(ping).toMatchObject({ kind: 'webhook' });
  });
});
