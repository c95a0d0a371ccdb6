import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateApiKey } from '../../libs/secrets/index.js';
import { PaymentsApi, paymentsManifest, paymentsSluice } from '../support/actions/payments-api.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type AppProcess } from '../support/app-process.js';
import { RunWorld } from '../support/runs/run-world.js';

describe('the API as a worker for actions', () => {
  let provider: PaymentsApi;
  let world: RunWorld;
  let api: AppProcess;
  let client: ApiClient;
  let connection: string;
  let flow: string;
  const key = generateApiKey();
  const start = async (): Promise<void> => {
    api = await startApp('api', {
      env: { ...world.apiEnvironment(key), ...world.allowing(provider.host), SLUICE_API_ACTIONS: '5', LOG_LEVEL: 'debug' },
    });
    client = new ApiClient(api.address, key);
  };
  const call = (action: string, reference: string, headers: Record<string, string> = {}) =>
    client.post(`/v1/connections/${connection}/actions/${action}`, { input: { reference, amount: 1 } }, headers);
  const runFlow = (reference: string, headers: Record<string, string> = {}) =>
    client.post(`/v1/flows/${flow}/runs`, { input: { reference } }, headers);
  const isEager = async (workflow: unknown): Promise<boolean | null | undefined> => {
    const { events } = await world.temporal.client.workflow.getHandle(String(workflow)).fetchHistory();
    return events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted;
  };
  const ended = (workflow: unknown) => world.temporal.client.workflow.getHandle(String(workflow)).result();
  const run = async (id: unknown) => (await client.get(`/v1/action-runs/${String(id)}`)).body;

  beforeAll(async () => {
    provider = await PaymentsApi.start();
    world = await RunWorld.create();
    await start();
    await client.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice: paymentsSluice });
    const config = { base_url: `http://${provider.host}`, api_key: 'right' };
    const budget = { limits: [{ kind: 'concurrency', name: 'calls', max: 50 }] };
    connection = (await client.post('/v1/connections', { name: 'p', connector: 'payments', config, budget })).body.id as string;
    const step = { id: 'pay', connection: 'p', action: 'pay', input: { reference: 'input.reference', amount: 1 } };
    const made = await client.post('/v1/flows', { name: 'paying', on: { request: {} }, steps: [step] });
    flow = String(made.body.id);
  }, 60_000);
  afterAll(async () => {
    await api?.stop();
    await world?.close();
    await provider?.close();
  });
  beforeEach(() => {
    provider.mishaps = [];
  });

  it('makes calls where there is no other worker, and the server hands it their workflows with the answer to the start', async () => {
    const first = await call('pay', 'first', { prefer: 'wait=30' });
    expect(first).toMatchObject({ status: 200, body: { state: 'succeeded' } });
    const second = await call('pay', 'second');
    expect(second).toMatchObject({ status: 200 });
    const { events } = await world.temporal.client.workflow.getHandle(String(second.body.workflow_id)).fetchHistory();
    const begun = events?.find(({ workflowExecutionStartedEventAttributes: started }) => started);
    expect(begun?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted).toBe(true);
    // Its try was made where its task was: no task of an activity went over the server.
    expect(events?.some(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled)).toBe(false);
    expect(provider.of('second')).toHaveLength(1);
  });

  it('runs the flows that requests start in the same way', async () => {
    const { status, body } = await runFlow('by a flow', { prefer: 'wait=30' });
    expect({ status, state: body['state'] }).toEqual({ status: 200, state: 'succeeded' });
    expect(await isEager(body['workflow_id'])).toBe(true);
    expect(provider.of('by a flow')).toHaveLength(1);
  });

  it('killed between a call and its answer leaves it to the workers, who know what may be done', async () => {
    provider.mishaps = ['hang', 'hang', 'hang', 'hang'];
    const hang = provider.hanging(4);
    const actions = ['pay', 'pay_with_lookup', 'pay_blindly'];
    const calls = await Promise.all(
      actions.map(async (action) => (await call(action, `killed ${action}`, { prefer: 'respond-async' })).body),
    );
    const flowRun = (await runFlow('killed in a flow', { prefer: 'respond-async' })).body;
    await hang;
    await api.kill();
    await world.startWorker(world.allowing(provider.host));
    await Promise.all([...calls, flowRun].map(({ workflow_id: workflow }) => ended(workflow)));
    await start();
    const states = await Promise.all(calls.map(async ({ id }) => (await run(id)).state));
    expect(states).toEqual(['succeeded', 'succeeded', 'outcome_unknown']);
    for (const action of actions) expect(provider.of(`killed ${action}`)).toHaveLength(1);
    expect((await client.get(`/v1/flow-runs/${String(flowRun.id)}`)).body['state']).toBe('succeeded');
    expect(provider.of('killed in a flow')).toHaveLength(1);
  }, 90_000);

  it('asked to end while a call is under way, ends, and the call is made once', async () => {
    provider.mishaps = ['hang'];
    const hangs = provider.hanging();
    const { body } = await call('pay', 'ending', { prefer: 'respond-async' });
    await hangs;
    await api.stop();
    await ended(body.workflow_id);
    await start();
    expect(await run(body.id)).toMatchObject({ state: 'succeeded' });
    expect(provider.of('ending')).toHaveLength(1);
  }, 60_000);
});
