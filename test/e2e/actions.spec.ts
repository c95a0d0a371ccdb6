import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import type { ChildProcess } from 'node:child_process';
import type { ApiClient } from '../support/api-client.js';
import { PaymentsApi, paymentsManifest, paymentsSluice } from '../support/actions/payments-api.js';
import type { AppProcess } from '../support/app-process.js';
import { historyToText } from '../support/runs/history-json.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

let provider: PaymentsApi;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let worker: ChildProcess;
let connection: string;
const allowed = () => world.allowing(provider.host);

beforeAll(async () => {
  provider = await PaymentsApi.start();
  world = await RunWorld.create();
  ({ api, client } = await world.startApi(allowed()));
  worker = await world.startWorker(allowed());
  const added = await client.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice: paymentsSluice });
  expect(added).toMatchObject({ status: 201, body: { actions: ['pay', 'pay_with_lookup', 'pay_blindly', 'show'] } });
  const config = { base_url: `http://${provider.host}`, api_key: 'right' };
  // Without declared limits answers that never come would make the account careful, and calls wait.
  const budget = { limits: [{ kind: 'concurrency', name: 'calls', max: 50 }] };
  connection = (await client.post('/v1/connections', { name: 'p', connector: 'payments', config, budget })).body.id as string;
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await provider?.close();
});
beforeEach(() => {
  provider.mishaps = [];
});

const call = (action: string, input: object, headers: Record<string, string> = {}) =>
  client.post(`/v1/connections/${connection}/actions/${action}`, { input }, headers);
const run = async (id: unknown) => (await client.get(`/v1/action-runs/${String(id)}`)).body;

describe('an action', () => {
  it('is made once and answers with what the provider says, every digit of it', async () => {
    const answer = await call('pay', { reference: 'first', amount: 5 }, { 'idempotency-key': 'k1' });
    expect(answer).toMatchObject({ status: 200, body: { state: 'succeeded', action: 'pay', error: null } });
    expect(answer.text).toContain('"ledger":9007199254740993');
    expect(provider.of('first')).toMatchObject([{ amount: '5' }]);
    // The key that the provider sees is the run's, whatever the caller's holds.
    expect(provider.requests.at(-1)?.headers['idempotency-key']).toBe(answer.body.id);
    const again = await call('pay', { amount: 5, reference: 'first' }, { 'idempotency-key': 'k1' });
    expect(again).toMatchObject({ status: 200, body: { id: answer.body.id } });
    expect(provider.of('first')).toHaveLength(1);
    expect(await call('pay', { reference: 'other', amount: 5 }, { 'idempotency-key': 'k1' })).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(provider.of('other')).toEqual([]);
  });

  it('sends numbers as they came, texts as texts, and nothing for what is missing', async () => {
    const raw = `{"input":{"reference":"[1, 2]","amount":12345678901234567.25}}`;
    const answer = await client.post(`/v1/connections/${connection}/actions/pay`, raw, { 'content-type': 'application/json' });
    expect(answer.status).toBe(200);
    expect(provider.requests.at(-1)?.body).toBe('{"reference":"[1, 2]","amount":12345678901234567.25}');
  });

  it('raced 64 ways by one key takes effect once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 64 }, () =>
        call('pay', { reference: 'raced', amount: 1 }, { 'idempotency-key': 'race', prefer: 'wait=30' }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(provider.of('raced')).toHaveLength(1);
    expect(provider.requests.filter(({ body }) => body.includes('raced'))).toHaveLength(1);
  });

  it('that the provider refuses says so, and keeps what it said away from everywhere but its run', async () => {
    const answer = await call('pay', { reference: 'Nobody', amount: 13 }, { 'idempotency-key': 'refused' });
    expect(answer).toMatchObject({ status: 422, body: { code: 'ACTION_REFUSED' } });
    expect(answer.text).not.toContain('Nobody');
    const id = answer.body['run'];
    expect(await run(id)).toMatchObject({
      state: 'failed',
      provider_answer: '{"error":"13 is refused, Mrs Nobody"}',
      effects: [{ attempt: 1, state: 'failed', status: 422, resolved_by: 'answer' }],
    });
    expect(await call('pay', { reference: 'Nobody', amount: 13 }, { 'idempotency-key': 'refused' })).toMatchObject({
      status: 422,
    });
    const history = historyToText(await world.temporal.client.workflow.getHandle(`action-run-${String(id)}`).fetchHistory());
    const payloads = [...history.matchAll(/"data": "([^"]*)"/g)].map(([, data]) => Buffer.from(data ?? '', 'base64').toString());
    expect(payloads.join()).not.toMatch(/Nobody|amount|refused/);
    expect(api.output()).not.toContain('Nobody');
  });

  it('waits when the provider asks for it, and repeats what certainly did nothing', async () => {
    provider.mishaps = ['limit', 'limit'];
    const answer = await call('pay_blindly', { reference: 'patient', amount: 1 });
    expect(answer).toMatchObject({ status: 200 });
    expect(provider.of('patient')).toHaveLength(1);
    expect((await run(answer.body.id)).effects).toMatchObject([
      { state: 'postponed', status: 429 },
      { state: 'postponed', status: 429 },
      { state: 'succeeded', status: 201 },
    ]);
  });

  it.each(['reset', 'error', 'drop'] as const)('with a key is repeated after a %s, and takes effect once', async (mishap) => {
    provider.mishaps = [mishap, mishap];
    const reference = `keyed ${mishap}`;
    const answer = await call('pay', { reference, amount: 1 });
    expect(answer).toMatchObject({ status: 200 });
    expect(provider.of(reference)).toHaveLength(1);
    expect((await run(answer.body.id)).effects).toMatchObject([
      { state: 'superseded', resolved_by: 'key' },
      { state: 'superseded', resolved_by: 'key' },
      { state: 'succeeded' },
    ]);
  });

  it('with a lookup finds out what became of it, and is made anew only where nothing did', async () => {
    provider.mishaps = ['reset'];
    const found = await call('pay_with_lookup', { reference: 'looked up', amount: 1 }, { prefer: 'wait=20' });
    expect(found).toMatchObject({ status: 200, body: { result: { reference: 'looked up' } } });
    expect(provider.of('looked up')).toHaveLength(1);
    expect((await run(found.body.id)).effects).toMatchObject([{ state: 'succeeded', resolved_by: 'lookup' }]);

    provider.mishaps = ['drop'];
    const anew = await call('pay_with_lookup', { reference: 'made anew', amount: 1 }, { prefer: 'wait=20' });
    expect(anew).toMatchObject({ status: 200 });
    expect(provider.of('made anew')).toHaveLength(1);
    expect((await run(anew.body.id)).effects).toMatchObject([
      { state: 'superseded', resolved_by: 'lookup' },
      { state: 'succeeded' },
    ]);
  });

  it('with neither is never repeated: a person says what became of it', async () => {
    provider.mishaps = ['error', 'reset'];
    const lost = await call('pay_blindly', { reference: 'lost', amount: 1 }, { 'idempotency-key': 'lost' });
    expect(lost).toMatchObject({ status: 409, body: { code: 'OUTCOME_UNKNOWN', run: expect.any(String) } });
    const id = String(lost.body['run']);
    expect(await run(id)).toMatchObject({ state: 'outcome_unknown', effects: [{ state: 'outcome_unknown', status: 500 }] });
    expect(provider.of('lost')).toHaveLength(1);
    const resolved = await client.post(`/v1/action-runs/${id}:resolve`, { outcome: 'succeeded', result: { id: 77 } });
    expect(resolved).toMatchObject({ status: 200, body: { state: 'succeeded', result: { id: 77 }, error: null } });
    expect(await call('pay_blindly', { reference: 'lost', amount: 1 }, { 'idempotency-key': 'lost' })).toMatchObject({
      status: 200,
      body: { result: { id: 77 } },
    });
    expect(await client.post(`/v1/action-runs/${id}:resolve`, { outcome: 'failed' })).toMatchObject({
      status: 409,
      body: { code: 'RUN_NOT_ACTIVE' },
    });

    const other = await call('pay_blindly', { reference: 'again', amount: 1 }, { 'idempotency-key': 'again' });
    provider.payments.splice(
      provider.payments.findIndex(({ reference }) => reference === 'again'),
      1,
    );
    await client.post(`/v1/action-runs/${String(other.body['run'])}:resolve`, { outcome: 'not_sent' });
    const made = await call('pay_blindly', { reference: 'again', amount: 1 }, { 'idempotency-key': 'again', prefer: 'wait=20' });
    expect(made).toMatchObject({ status: 200, body: { state: 'succeeded' } });
    expect(provider.of('again')).toHaveLength(1);
  });

  it('is not repeated when its key may be forgotten: it is looked up where it can be, else nobody knows', async () => {
    const soon = paymentsSluice
      .replace('name: Idempotency-Key}', 'name: Idempotency-Key, kept_seconds: 6}')
      .replace(
        '  pay_with_lookup:\n    input: *input\n',
        (head) => `${head}    idempotency_key: {in: header, name: X-Key, kept_seconds: 5}\n`,
      );
    await client.post('/v1/connectors', { name: 'forgetful', manifest: paymentsManifest, sluice: soon });
    const config = { base_url: `http://${provider.host}`, api_key: 'right' };
    const budget = { limits: [{ kind: 'concurrency', name: 'calls', max: 50 }] };
    const account = await client.created('/v1/connections', { name: 'forgetful', connector: 'forgetful', config, budget });
    provider.mishaps = ['hang', 'hang'];
    const [unknown, found] = await Promise.all(
      ['pay', 'pay_with_lookup'].map((action) =>
        client.post(
          `/v1/connections/${account}/actions/${action}`,
          { input: { reference: `forgotten ${action}`, amount: 1 } },
          { prefer: 'wait=30' },
        ),
      ),
    );
    expect(unknown).toMatchObject({
      status: 409,
      body: { code: 'OUTCOME_UNKNOWN', detail: expect.stringContaining('forgotten') },
    });
    expect(found).toMatchObject({ status: 200, body: { result: { reference: 'forgotten pay_with_lookup' } } });
    for (const action of ['pay', 'pay_with_lookup'])
      expect(
        provider.requests.filter(({ method, body }) => method === 'POST' && body.includes(`forgotten ${action}"`)),
      ).toHaveLength(1);
  }, 60_000);

  it('counts against the limits of its sluice.yaml, where its connection has none', async () => {
    const sluice = `${paymentsSluice}budgets: [{kind: concurrency, name: at_once, max: 7}]\n`;
    await client.post('/v1/connectors', { name: 'limited', manifest: paymentsManifest, sluice });
    // Other credentials, another account.
    const config = { base_url: `http://${provider.host}`, api_key: 'of nobody' };
    const { body } = await client.post('/v1/connections', { name: 'limited', connector: 'limited', config });
    const path = `/v1/connections/${String(body.id)}/actions/pay`;
    expect((await client.post(path, { input: { reference: 'limited', amount: 1 } })).status).toBeGreaterThanOrEqual(400);
    const budgets = await client.get('/v1/budgets');
    expect(budgets.body['data']).toContainEqual(
      expect.objectContaining({ limits: [{ kind: 'concurrency', name: 'at_once', allowed: 7, used: 0, remaining: 7 }] }),
    );
  });

  it('that takes long is answered with the address of its run; the same call meanwhile is in flight', async () => {
    provider.mishaps = ['hang'];
    const hangs = provider.hanging();
    const started = await call('pay', { reference: 'slow', amount: 1 }, { 'idempotency-key': 'slow', prefer: 'respond-async' });
    expect(started).toMatchObject({ status: 202, body: { state: expect.stringMatching(/queued|running/) } });
    expect(started.headers.get('location')).toBe(`/v1/action-runs/${String(started.body.id)}`);
    await hangs;
    expect(await call('pay', { reference: 'slow', amount: 1 }, { 'idempotency-key': 'slow' })).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_IN_FLIGHT' },
    });
    const waited = await call('pay', { reference: 'slow', amount: 1 }, { 'idempotency-key': 'slow', prefer: 'wait=30' });
    expect(waited).toMatchObject({ status: 200, body: { id: started.body.id } });
    expect(provider.of('slow')).toHaveLength(1);
  });

  it('whose worker is killed between the call and its answer ends as what is known of it', async () => {
    const expected = {
      pay: { state: 'succeeded', effects: ['superseded', 'succeeded'] },
      pay_with_lookup: { state: 'succeeded', effects: ['succeeded'] },
      pay_blindly: { state: 'outcome_unknown', effects: ['outcome_unknown'] },
    };
    provider.mishaps = ['hang', 'hang', 'hang'];
    const hang = provider.hanging(3);
    const calls = await Promise.all(
      Object.keys(expected).map(async (action) => {
        const { body } = await call(action, { reference: `killed ${action}`, amount: 1 }, { prefer: 'respond-async' });
        return [action, body] as const;
      }),
    );
    await hang;
    for (const [, { id }] of calls) expect(await run(id)).toMatchObject({ state: 'running', effects: [{ state: 'sent' }] });
    await endWorker(worker, 'SIGKILL');
    worker = await world.startWorker(allowed());
    for (const [action, { id, workflow_id: workflow }] of calls) {
      await world.temporal.client.workflow.getHandle(String(workflow)).result();
      const { state, effects } = await run(id);
      const known = { state, effects: (effects as { state: string }[]).map((effect) => effect.state) };
      expect({ [action]: known }).toEqual({ [action]: expected[action as keyof typeof expected] });
      expect(provider.of(`killed ${action}`)).toHaveLength(1);
    }
  }, 60_000);

  it('whose workflow a person terminated is taken up again', async () => {
    provider.mishaps = ['hang'];
    const hangs = provider.hanging();
    const { body } = await call('pay', { reference: 'terminated', amount: 1 }, { prefer: 'respond-async' });
    await hangs;
    const handle = world.temporal.client.workflow.getHandle(String(body.workflow_id));
    await handle.terminate('by a person');
    const waited = await call(
      'pay',
      { reference: 'terminated', amount: 1 },
      { 'idempotency-key': String(body.idempotency_key), prefer: 'wait=60' },
    );
    expect(waited).toMatchObject({ status: 200 });
    expect(provider.of('terminated')).toHaveLength(1);
  }, 90_000);
});

it('a connector’s actions are an OpenAPI document of its own, whose schemas judge a call', async () => {
  const { status, body } = await client.get('/v1/connectors/payments/openapi.json');
  expect(status).toBe(200);
  const { paths, components } = body as unknown as {
    paths: Record<string, { post: { operationId: string; requestBody: unknown } }>;
    components: { schemas: Record<string, object> };
  };
  expect(Object.keys(paths)).toEqual(
    ['pay', 'pay_with_lookup', 'pay_blindly', 'show'].map((name) => `/v1/connections/{id}/actions/${name}`),
  );
  const asked = new Set([...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name));
  expect([...asked].filter((name) => !Object.hasOwn(components.schemas, name ?? ''))).toEqual([]);
  const fits = new Ajv().compile(components.schemas['pay.input'] as object);
  expect([fits({ reference: 'r', amount: 1 }), fits({ reference: 'r', amount: 0 })]).toEqual([true, false]);
  expect(await client.get('/v1/connectors/nobody/openapi.json')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});

describe('bad input', () => {
  it('is told with every place, and nothing is stored', async () => {
    const before = provider.requests.length;
    expect(await call('pay', { amount: -1, colour: 'red' })).toMatchObject({
      status: 422,
      body: {
        code: 'VALIDATION_FAILED',
        errors: expect.arrayContaining([
          expect.objectContaining({ path: '/input/reference' }),
          expect.objectContaining({ path: '/input/amount' }),
          expect.objectContaining({ path: '/input/colour' }),
        ]),
      },
    });
    expect(await call('pya', { amount: 1 })).toMatchObject({
      status: 404,
      body: { code: 'UNKNOWN_ACTION', errors: [{ allowed: expect.arrayContaining(['pay']) }] },
    });
    expect(await client.post(`/v1/connections/${connection}/actions/pay`, { inptu: {} })).toMatchObject({ status: 422 });
    expect(await call('pay', { reference: 'x', amount: 1 }, { 'idempotency-key': 'ä' })).toMatchObject({ status: 400 });
    expect(await call('pay', { reference: 'x', amount: 1 }, { prefer: 'wait=soon' })).toMatchObject({ status: 400 });
    expect(provider.requests.length).toBe(before);
  });

  it('cannot leave its place in an address', async () => {
    const asked = provider.requests.length;
    for (const id of ['..', '.', ''])
      expect(await call('show', { id })).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect(provider.requests.length).toBe(asked);
    await call('show', { id: '../payments?reference=x#y' });
    expect(provider.requests.at(-1)?.url).toBe('/things/..%2Fpayments%3Freference%3Dx%23y');
  });

  it('a sluice.yaml that is wrong is refused with line and column', async () => {
    const put = (sluice: unknown) => client.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice });
    expect(await put(paymentsSluice.replace('idempotency_key:', 'idempotencykey:'))).toMatchObject({
      status: 422,
      body: {
        code: 'MANIFEST_INVALID',
        errors: [{ path: '/actions/pay/idempotencykey', message: expect.stringMatching(/not known.*line 15:/) }],
      },
    });
    expect(await put(paymentsSluice.replace('{{ input.note }}', '{{ input.note | upperr }}'))).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/actions/pay/request/json/note' }] },
    });
    expect(await put(paymentsSluice.replace('#/definitions/requester', '#/definitions/reqester'))).toMatchObject({ status: 422 });
    const undoing = (action: string, reference: string) =>
      paymentsSluice.replace(
        '    result: [payment]\n',
        `    result: [payment]\n    compensate: {action: ${action}, input: {reference: '${reference}'}}\n`,
      );
    expect(await put(undoing('refund', '{{ result.id }}'))).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/actions/pay/compensate/action', message: expect.stringMatching(/line \d+/), found: 'refund' }] },
    });
    expect(await put(undoing('show', '{{ result.id | upperr }}'))).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/actions/pay/compensate/input/reference', message: expect.stringMatching(/line \d+/) }] },
    });
    expect(await put(`${paymentsSluice}budgets: [{kind: rate, points: 0, period_seconds: 1}]\n`)).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/budgets/0/points' }] },
    });
    expect(await put({ version: 1, actions: { Pay: {} } })).toMatchObject({ status: 422 });
    const now = await client.get('/v1/connectors/payments/actions');
    expect(now).toMatchObject({
      status: 200,
      body: { data: [{ name: 'pay', repeat: 'key' }, { repeat: 'lookup' }, { repeat: 'none' }, { repeat: 'idempotent' }] },
    });
  });
});
