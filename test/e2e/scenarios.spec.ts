import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { RestClient } from '../../apps/demo/rest-client.js';
import { checkout } from '../../apps/demo/scenarios/checkout.js';
import type { DemoSystems } from '../../apps/demo/scenarios/demo-systems.js';
import { addExampleFlows } from '../../apps/demo/scenarios/example-flows.js';
import { hiring } from '../../apps/demo/scenarios/hiring.js';
import { inquiry } from '../../apps/demo/scenarios/inquiry.js';
import type { Scenario, ScenarioWorld } from '../../apps/demo/scenarios/scenario.js';
import { together } from '../../apps/demo/scenarios/together.js';
import { endedRuns } from '../../apps/demo/scenarios/wait.js';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { connectDemoSystems, startDemoSystems } from '../support/flows/demo-systems.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

let shop: AppProcess;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let rest: RestClient;
let worker: ChildProcess;
let systems: DemoSystems;
let flows: ScenarioWorld['flows'];
const allowed = () => world.allowing(new URL(shop.address).host);

beforeAll(async () => {
  shop = await startDemoSystems();
  world = await RunWorld.create();
  const started = await world.startApi(allowed());
  ({ api, client } = started);
  rest = new RestClient(api.address, started.key);
  worker = await world.startWorker(allowed());
  systems = await connectDemoSystems(shop, { address: api.address, key: started.key });
  flows = await addExampleFlows(rest, systems);
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await shop?.stop();
});

/** As `npm run demo` plays it. */
async function play(scenario: Scenario): Promise<{ says: string; right: boolean }[]> {
  const { claims, workflows } = await scenario.play({
    ...{ rest, systems, flows },
    warehouse: {
      connection: world.destinationId,
      query: async (sql) => (await world.destination.query<Record<string, unknown>>(sql)).rows,
    },
    async killCallers() {
      await endWorker(worker, 'SIGKILL');
      worker = await world.startWorker(allowed());
      return 'worker';
    },
    say: () => undefined,
  });
  expect(workflows).not.toHaveLength(0);
  return claims;
}
const allRight = (count: number) => Array.from({ length: count }, () => expect.objectContaining({ right: true }));

describe('the scenarios of the demo', () => {
  it('checkout: each sale is charged once and marked as paid, one that is declined is cancelled, also when the worker is killed between call and answer', async () => {
    expect(await play(checkout)).toEqual(allRight(5));
  }, 180_000);

  it('an inquiry in the CRM becomes a ticket, and the CRM knows which', async () => {
    expect(await play(inquiry)).toEqual(allRight(2));
  }, 100_000);

  it('who is added in HR gets on the payroll; who is paid nothing, or comes with a forged webhook, does not', async () => {
    expect(await play(hiring)).toEqual(allRight(3));
  }, 100_000);

  it('both together: each sale is streamed at once to two services, and the warehouse that a sync fills says the same', async () => {
    expect(await play(together)).toEqual(allRight(2));
  }, 180_000);
});

describe('beside them', () => {
  it('checkout: where the shop cannot be told, the payment is given back', async () => {
    const before = (await systems.list('/shop/sales')).length;
    const fault = { kind: 'status', status: 400, match: { pathPrefix: '/shop/sales/' }, times: 1 };
    await systems.call('PUT', '/shop/_admin/faults', [fault]);
    const sale = await systems.sell(42);
    const [run] = await endedRuns(rest, flows.checkout, before + 1);
    expect(run).toMatchObject({ state: 'compensated', error: { code: 'ACTION_REFUSED' } });
    const own = (await systems.list('/payments')).filter(({ reference }) => reference === sale['id']);
    expect(own).toMatchObject([{ status: 'refunded' }]);
  }, 100_000);

  it('a time of a schedule is an event, once; a flow that is deleted has none any more', async () => {
    const made = await client.post('/v1/flows', {
      name: 'yearly',
      on: { schedule: { cron: '0 3 1 1 *', timezone: 'Europe/Berlin' } },
      steps: [
        {
          ...{ id: 'enrol', connection: 'payroll', action: 'enrol_employee' },
          input: { employee: '"boss"', monthly_pay: 1, currency: '"EUR"', from: '$substringBefore(event.occurred_at, "T")' },
        },
      ],
    });
    expect(made).toMatchObject({ status: 201, body: { trigger: 'schedule' } });
    const id = String(made.body.id);
    const schedule = world.temporal.client.schedule.getHandle(`sluice-flow-schedule-${id}`);
    const isThere = () =>
      schedule.describe().then(
        () => true,
        () => false,
      );
    while (!(await isThere())) await delay(100);
    await schedule.trigger();
    expect(await endedRuns(rest, id, 1)).toMatchObject([{ state: 'succeeded', trigger: 'schedule' }]);
    const today = new Date().toISOString().slice(0, 4);
    expect(await systems.list('/payroll/employees')).toContainEqual(
      expect.objectContaining({ id: 'boss', from: expect.stringContaining(today) }),
    );
    expect((await client.get(`/v1/events?kind=schedule`)).body.data).toMatchObject([
      { type: `schedule.${id}`, state: 'succeeded' },
    ]);
    await client.delete(`/v1/flows/${id}`);
    while (await isThere()) await delay(100);
  });
});
