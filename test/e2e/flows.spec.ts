import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import type { ApiClient } from '../support/api-client.js';
import { PaymentsApi, paymentsManifest, paymentsSluice } from '../support/actions/payments-api.js';
import type { AppProcess } from '../support/app-process.js';
import { historyToText } from '../support/runs/history-json.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';
import { eventually } from '../support/eventually.js';

let provider: PaymentsApi;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let worker: ChildProcess;
const allowed = () => ({ ...world.allowing(provider.host), SLUICE_CONTINUE_AFTER_EVENTS: '60' });

beforeAll(async () => {
  provider = await PaymentsApi.start();
  world = await RunWorld.create();
  ({ api, client } = await world.startApi(world.allowing(provider.host)));
  worker = await world.startWorker(allowed());
  await client.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice: paymentsSluice });
  const config = { base_url: `http://${provider.host}`, api_key: 'right' };
  const budget = { limits: [{ kind: 'concurrency', name: 'calls', max: 50 }] };
  await client.post('/v1/connections', { name: 'bank', connector: 'payments', config, budget });
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await provider?.close();
});
beforeEach(() => {
  provider.mishaps = [];
  provider.onPayment = undefined;
});

const yaml = { 'content-type': 'application/yaml' };
const add = async (text: string): Promise<string> => {
  const made = await client.post('/v1/flows', text, yaml);
  expect(made).toMatchObject({ status: 201 });
  return String(made.body.id);
};
const request = (flow: string, input: object, headers: Record<string, string> = {}) =>
  client.post(`/v1/flows/${flow}/runs`, { input }, { prefer: 'wait=30', ...headers });
const runOf = async (id: unknown) => (await client.get(`/v1/flow-runs/${String(id)}`)).body;
const historyOf = async (id: unknown) =>
  historyToText(await world.temporal.client.workflow.getHandle(`flow-${String(id)}`).fetchHistory());
const references = () => provider.payments.map(({ reference }) => reference);

const ORDER = `
  request:
    input:
      type: object
      required: [order, amount]
      additionalProperties: false
      properties: {order: {type: string}, amount: {type: number, exclusiveMinimum: 0}, gift: {type: boolean}}`;

describe('a flow', () => {
  it('runs its steps and answers with what it makes of them, every digit of it', async () => {
    const flow = await add(`
name: checkout
on: ${ORDER}
when: input.amount < 1000.0
steps:
  - id: pay
    connection: bank
    action: pay
    input: {reference: input.order, amount: input.amount}
  - id: wrap
    connection: bank
    action: pay
    if: has(input.gift) && input.gift
    input: '{"reference": "gift for " & steps.pay.result.reference, "amount": 1}'
  - id: note
    connection: bank
    action: pay_with_lookup
    input: {reference: '"note " & $string(steps.pay.result.id) & " " & run.flow', amount: 2}
respond: {paid: steps.pay.result.ledger, wrapped: steps.wrap.state, fixed: true, nothing: input.gift}
`);
    const answer = await request(flow, { order: 'first', amount: 5 }, { 'idempotency-key': 'f1' });
    expect(answer).toMatchObject({ status: 200, body: { state: 'succeeded', trigger: 'request', flow_version: 1 } });
    expect(answer.text).toContain('"response":{"paid":9007199254740993,"wrapped":"skipped","fixed":true}');
    expect(answer.headers.get('location')).toBe(`/v1/flow-runs/${String(answer.body.id)}`);
    expect(answer.body.steps).toMatchObject([
      { id: 'pay', state: 'succeeded', items: null, calls: [{ item: 0, state: 'succeeded', action_run_id: expect.any(String) }] },
      { id: 'wrap', state: 'skipped', calls: [] },
      { id: 'note', state: 'succeeded' },
    ]);
    expect(references()).toEqual(['first', expect.stringMatching(/^note \d+ checkout$/)]);

    expect(await request(flow, { amount: 5, order: 'first' }, { 'idempotency-key': 'f1' })).toMatchObject({
      status: 200,
      body: { id: answer.body.id },
    });
    expect(await request(flow, { order: 'second', amount: 5 }, { 'idempotency-key': 'f1' })).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(provider.payments).toHaveLength(2);

    const gift = await request(flow, { order: 'third', amount: 5, gift: true });
    expect(gift.body.steps).toMatchObject([{}, { id: 'wrap', state: 'succeeded' }, {}]);
    expect(references()).toContain('gift for third');
    expect(await request(flow, { order: 'dear', amount: 5_000 })).toMatchObject({
      status: 200,
      body: { state: 'skipped', steps: [] },
    });
    expect(references()).not.toContain('dear');
  });

  it('shows its steps in Temporal by name, and nothing that they carry', async () => {
    const flow = await add(`
name: named
on: ${ORDER}
steps:
  - {id: charge, connection: bank, action: pay, input: {reference: '"Mrs Nobody " & input.order', amount: input.amount}}
respond: steps.charge.result
`);
    const answer = await request(flow, { order: 'discreet', amount: 5 });
    expect(answer).toMatchObject({ status: 200 });
    const history = await historyOf(answer.body.id);
    const payloads = [...history.matchAll(/"data": "([^"]*)"/g)].map(([, data]) => Buffer.from(data ?? '', 'base64').toString());
    expect(payloads.join()).toContain('charge');
    expect(payloads.join()).not.toMatch(/Nobody|discreet|amount/);
  });

  it('whose worker is killed in the middle goes on where it was, and makes nothing twice', async () => {
    const flow = await add(`
name: killed
on: ${ORDER}
steps:
  - {id: one, connection: bank, action: pay_blindly, input: {reference: 'input.order & " one"', amount: 1}}
  - {id: two, connection: bank, action: pay, input: {reference: 'input.order & " two"', amount: 2}}
  - {id: three, connection: bank, action: pay_blindly, input: {reference: 'input.order & " three"', amount: 3}}
respond: {ids: '[steps.one.result.id, steps.two.result.id, steps.three.result.id]'}
`);
    const hangs = provider.hanging();
    provider.onPayment = (reference) => (reference === 'kill two' ? 'hang' : undefined);
    const started = await request(flow, { order: 'kill', amount: 1 }, { prefer: 'respond-async' });
    expect(started).toMatchObject({ status: 202, body: { state: expect.stringMatching(/queued|running/) } });
    await hangs;
    expect(await runOf(started.body.id)).toMatchObject({
      state: 'running',
      steps: [{ state: 'succeeded' }, { state: 'running' }],
    });
    await endWorker(worker, 'SIGKILL');
    provider.onPayment = undefined;
    worker = await world.startWorker(allowed());
    await world.temporal.client.workflow.getHandle(`flow-${String(started.body.id)}`).result();
    expect(await runOf(started.body.id)).toMatchObject({ state: 'succeeded', steps: [{ calls: [{ item: 0 }] }, {}, {}] });
    expect(references().filter((one) => one.startsWith('kill'))).toEqual(['kill one', 'kill two', 'kill three']);
  }, 60_000);

  it('makes a step for each of many items, a few at once, in bounded histories', async () => {
    const flow = await add(`
name: each
on: {request: {input: {type: object}}}
steps:
  - id: pay
    connection: bank
    action: pay
    forEach: input.items[amount > 0]
    parallel: 5
    input: {reference: '"item " & item.name & " " & $string(index)', amount: item.amount}
  - id: sum
    connection: bank
    action: pay
    input: {reference: '"total"', amount: $count(steps.pay.result)}
respond: {first: 'steps.pay.result[0].reference', last: 'steps.pay.result[-1].reference'}
`);
    const items = Array.from({ length: 40 }, (_, n) => ({ name: `n${n}`, amount: 1 }));
    const answer = await request(flow, { items: [{ name: 'free', amount: 0 }, ...items] });
    expect(answer).toMatchObject({
      status: 200,
      body: { response: { first: 'item n0 0', last: 'item n39 39' }, steps: [{ items: 40, state: 'succeeded' }, {}] },
    });
    expect(references().filter((one) => one.startsWith('item '))).toHaveLength(40);
    expect(provider.payments.at(-1)).toMatchObject({ reference: 'total', amount: '40' });
    const { events } = await world.temporal.client.workflow.getHandle(`flow-${String(answer.body.id)}`).fetchHistory();
    expect(events?.length).toBeLessThan(200);
    // One that is alone is a list too.
    expect(await request(flow, { items: [{ name: 'alone', amount: 1 }] })).toMatchObject({ status: 200 });
    expect(await request(flow, {})).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED', step: 'sum' } });
  });

  it('whose step fails fails, goes on, or undoes what it did, the last first', async () => {
    const steps = (onError: string) => `
steps:
  - id: book
    connection: bank
    action: pay
    forEach: '["a", "b"]'
    parallel: 1
    input: {reference: 'input.order & " " & item', amount: 1}
    compensate: {action: pay, input: {reference: '"undo " & result.reference', amount: 1}}
  - id: keep
    connection: bank
    action: pay
    input: {reference: 'input.order & " keep"', amount: 1}
  - id: send
    connection: bank
    action: pay
    input: {reference: 'input.order & " send"', amount: 1}
    compensate: {action: pay, input: {reference: '"undo " & result.reference & " of " & input.order', amount: 1}}
  - id: refused
    connection: bank
    action: pay
    onError: ${onError}
    input: {reference: input.order, amount: 13}
  - {id: after, connection: bank, action: pay, input: {reference: 'input.order & " after"', amount: 1}}`;
    const made = async (onError: string) => {
      const flow = await add(`name: ${onError}\non: ${ORDER}${steps(onError)}\nrespond: {error: steps.refused.error.code}\n`);
      const answer = await request(flow, { order: onError, amount: 1 });
      return { answer, of: references().filter((one) => one.includes(onError)) };
    };
    const failed = await made('fail');
    expect(failed.answer).toMatchObject({
      status: 422,
      body: { code: 'ACTION_REFUSED', step: 'refused', run: expect.any(String) },
    });
    expect(failed.of).toEqual(['fail a', 'fail b', 'fail keep', 'fail send']);

    const went = await made('continue');
    expect(went.answer).toMatchObject({ status: 200, body: { state: 'succeeded', response: { error: 'ACTION_REFUSED' } } });
    expect(went.of.at(-1)).toBe('continue after');

    const undone = await made('compensate');
    expect(undone.answer).toMatchObject({ status: 422, body: { code: 'ACTION_REFUSED', step: 'refused' } });
    expect(undone.of.slice(4)).toEqual(['undo compensate send of compensate', 'undo compensate b', 'undo compensate a']);
    expect(await runOf(undone.answer.body['run'])).toMatchObject({
      state: 'compensated',
      steps: [{ undone: [{ item: 0, state: 'succeeded' }, { item: 1 }] }, { undone: [] }, { undone: [{}] }, { state: 'failed' }],
    });
  });

  it('is undone by what its connector declares, where its step says nothing', async () => {
    const reversible = `
  pay_reversibly:
    input: *input
    request: *plain
    result: [payment]
    compensate: {action: pay, input: {reference: 'undo {{ result.reference }}', amount: '{{ input.amount }}'}}
`;
    await client.post('/v1/connectors', { name: 'reversible', manifest: paymentsManifest, sluice: paymentsSluice + reversible });
    const config = { base_url: `http://${provider.host}`, api_key: 'right' };
    await client.post('/v1/connections', { name: 'reversing', connector: 'reversible', config });
    const flow = await add(`
name: reversed
on: ${ORDER}
steps:
  - {id: pay, connection: reversing, action: pay_reversibly, input: {reference: input.order, amount: 21}}
  - {id: keep, connection: reversing, action: pay, input: {reference: '"keep " & input.order', amount: 1}}
  - {id: refused, connection: reversing, action: pay, onError: compensate, input: {reference: input.order, amount: 13}}
`);
    const answer = await request(flow, { order: 'reversed', amount: 1 });
    expect(answer).toMatchObject({ status: 422, body: { code: 'ACTION_REFUSED', step: 'refused' } });
    expect(references().filter((one) => one.includes('reversed'))).toEqual(['reversed', 'keep reversed', 'undo reversed']);
    expect(provider.of('undo reversed')).toMatchObject([{ amount: '21' }]);
    expect(await runOf(answer.body['run'])).toMatchObject({
      state: 'compensated',
      steps: [{ undone: [{ state: 'succeeded' }] }, { undone: [] }, { undone: [] }],
    });
  });

  it('waits for a person where nobody knows what became of a call, and goes on by what they say', async () => {
    const flow = await add(`
name: doubtful
on: ${ORDER}
steps:
  - {id: risky, connection: bank, action: pay_blindly, input: {reference: input.order, amount: 1}}
  - {id: next, connection: bank, action: pay, input: {reference: '"after " & $string(steps.risky.result.id)', amount: 1}}
`);
    for (const outcome of ['succeeded', 'not_sent', 'failed'] as const) {
      provider.mishaps = ['error'];
      const started = await request(flow, { order: outcome, amount: 1 }, { prefer: 'respond-async' });
      const waiting = await until(started.body.id, ({ state }) => state === 'waiting');
      expect(waiting).toMatchObject({ steps: [{ id: 'risky', calls: [{ state: 'outcome_unknown' }] }] });
      const call = (waiting.steps as { calls: { action_run_id: string }[] }[])[0]?.calls[0]?.action_run_id;
      const result = outcome === 'succeeded' ? { result: { id: 777 } } : {};
      expect(await client.post(`/v1/action-runs/${String(call)}:resolve`, { outcome, ...result })).toMatchObject({ status: 200 });
      const ended = await until(started.body.id, ({ finished_at: at }) => at !== null);
      expect(ended).toMatchObject({ state: outcome === 'failed' ? 'failed' : 'succeeded' });
    }
    expect(references()).toContain('after 777');
    expect(provider.of('not_sent')).toHaveLength(2);
  }, 60_000);

  it('that is cancelled begins no further step', async () => {
    const flow = await add(`
name: cancelled
on: ${ORDER}
steps:
  - {id: risky, connection: bank, action: pay_blindly, input: {reference: input.order, amount: 1}}
  - {id: next, connection: bank, action: pay, input: {reference: '"never"', amount: 1}}
`);
    provider.mishaps = ['error'];
    const started = await request(flow, { order: 'c', amount: 1 }, { prefer: 'respond-async' });
    await until(started.body.id, ({ state }) => state === 'waiting');
    expect(await client.post(`/v1/flow-runs/${String(started.body.id)}:cancel`)).toMatchObject({ status: 200 });
    expect(await until(started.body.id, ({ finished_at: at }) => at !== null)).toMatchObject({ state: 'cancelled' });
    expect(await client.post(`/v1/flow-runs/${String(started.body.id)}:cancel`)).toMatchObject({
      status: 409,
      body: { code: 'RUN_NOT_ACTIVE' },
    });
    expect(references()).not.toContain('never');
  });

  it('that is cancelled when its workflow is gone makes nothing of what it had reserved', async () => {
    const flow = await add(`
name: gone
on: ${ORDER}
steps:
  - {id: pay, connection: bank, action: pay, input: {reference: input.order, amount: 1}}
`);
    provider.onPayment = () => 'limit';
    const { body } = await request(flow, { order: 'reserved', amount: 1 }, { prefer: 'respond-async' });
    const run = await until(body.id, ({ steps }) => callsOf(steps)[0]?.action_run_id != null);
    const call = `/v1/action-runs/${String(callsOf(run['steps'])[0]?.action_run_id)}`;
    await eventually(
      () => client.get(call).then((answer) => answer.body),
      ({ effects }) => (effects as { state: string }[]).some(({ state }) => state === 'postponed'),
    );
    await world.temporal.client.workflow.getHandle(String(body.workflow_id)).terminate('by a person');
    expect(await client.post(`/v1/flow-runs/${String(body.id)}:cancel`)).toMatchObject({ status: 200 });
    expect(await until(body.id, ({ finished_at: at }) => at !== null)).toMatchObject({ state: 'cancelled' });
    provider.onPayment = undefined;
    expect((await client.get(call)).body).toMatchObject({ state: 'failed', error: { code: 'RUN_CANCELLED' } });
    expect(references()).not.toContain('reserved');
  });

  it('whose workflow a person terminated is taken up again, and a run keeps the version that it began with', async () => {
    const text = (reference: string) => `
name: versions
on: ${ORDER}
steps:
  - {id: risky, connection: bank, action: pay_blindly, input: {reference: input.order, amount: 1}}
  - {id: next, connection: bank, action: pay, input: {reference: '"${reference}"', amount: 1}}
`;
    const flow = await add(text('as of version 1'));
    provider.mishaps = ['error'];
    const { body } = await request(flow, { order: 'v', amount: 1 }, { prefer: 'respond-async' });
    const waiting = await until(body.id, ({ state }) => state === 'waiting');
    expect(await client.put(`/v1/flows/${flow}`, text('as of version 2'), yaml)).toMatchObject({
      status: 200,
      body: { version: 2 },
    });
    expect(await client.put(`/v1/flows/${flow}`, text('as of version 2'), yaml)).toMatchObject({ body: { version: 2 } });
    expect((await client.get(`/v1/flows/${flow}/versions`)).body.data).toMatchObject([{ version: 2 }, { version: 1 }]);
    await world.temporal.client.workflow.getHandle(String(body.workflow_id)).terminate('by a person');
    const call = (waiting.steps as { calls: { action_run_id: string }[] }[])[0]?.calls[0]?.action_run_id;
    await client.post(`/v1/action-runs/${String(call)}:resolve`, { outcome: 'succeeded' });
    expect(await until(body.id, ({ finished_at: at }) => at !== null)).toMatchObject({ state: 'succeeded', flow_version: 1 });
    expect(references().filter((one) => one.startsWith('as of'))).toEqual(['as of version 1']);

    expect(await client.post(`/v1/flows/${flow}:disable`)).toMatchObject({ status: 200, body: { enabled: false } });
    expect(await request(flow, { order: 'v', amount: 1 })).toMatchObject({ status: 409, body: { code: 'FLOW_DISABLED' } });
    await client.post(`/v1/flows/${flow}:enable`);
    expect(await client.delete(`/v1/flows/${flow}`)).toMatchObject({ status: 204 });
    expect(await client.get(`/v1/flows/${flow}`)).toMatchObject({ status: 404 });
    expect(await runOf(body.id)).toMatchObject({ state: 'succeeded' });
  }, 90_000);
});

const callsOf = (steps: unknown): { action_run_id: string | null }[] =>
  (steps as { calls: { action_run_id: string | null }[] }[])[0]?.calls ?? [];

type Shown = Record<string, unknown>;
const until = (id: unknown, is: (run: Shown) => boolean): Promise<Shown> => eventually(() => runOf(id), is);
