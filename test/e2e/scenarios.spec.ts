import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { generateApiKey } from '../../libs/secrets/index.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type AppProcess } from '../support/app-process.js';
import { DemoSystems, exampleFlow } from '../support/flows/demo-systems.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

let shop: AppProcess;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let worker: ChildProcess;
let systems: DemoSystems;
const allowed = () => world.allowing(new URL(shop.address).host);

beforeAll(async () => {
  shop = await DemoSystems.start();
  world = await RunWorld.create();
  const key = generateApiKey();
  api = await startApp('api', { env: { ...world.apiEnvironment(key), ...allowed() } });
  client = new ApiClient(api.address, key);
  worker = await world.startWorker(allowed());
  systems = await DemoSystems.connect(shop, client);
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await shop?.stop();
});

const yaml = { 'content-type': 'application/yaml' };
async function withFlow<T>(name: string, work: (id: string) => Promise<T>): Promise<T> {
  const made = await client.post('/v1/flows', exampleFlow(name), yaml);
  expect(made).toMatchObject({ status: 201 });
  const id = String(made.body.id);
  try {
    return await work(id);
  } finally {
    await client.delete(`/v1/flows/${id}`);
  }
}
const runs = async (flow: string) => (await client.get(`/v1/flow-runs?flow_id=${flow}&limit=100`)).body.data;
async function ended(flow: string, count: number) {
  for (const deadline = Date.now() + 90_000; ; await delay(100)) {
    const all = await runs(flow);
    if (all.length >= count && all.every(({ finished_at: at }) => at !== null)) return all;
    if (Date.now() > deadline) throw new Error(`the runs are ${JSON.stringify(all)}`);
  }
}
const sell = (total: number) =>
  systems.call('POST', '/shop/sales', {
    ...{ customer_email: 'ann@example.com', currency: 'EUR' },
    lines: [{ sku: 'cup', quantity: 1, unit_price: total }],
  });

describe('the scenarios of the demo shop', () => {
  it('checkout: a sale is charged once and marked as paid, one that is declined is cancelled, also when the worker is killed', async () => {
    await withFlow('checkout', async (flow) => {
      const sales = await Promise.all(Array.from({ length: 8 }, (_, n) => sell(n === 3 ? 10_001 : 10 + n)));
      for (const deadline = Date.now() + 60_000; (await systems.list('/payments')).length < 2; await delay(20))
        if (Date.now() > deadline) throw new Error('no sale was charged');
      await endWorker(worker, 'SIGKILL');
      worker = await world.startWorker(allowed());
      const done = await ended(flow, 8);
      expect(done.map(({ state }) => state)).toEqual(Array(8).fill('succeeded'));
      const payments = await systems.list('/payments');
      const after = await systems.list('/shop/sales');
      for (const sale of sales) {
        const own = payments.filter(({ reference }) => reference === sale['id']);
        const now = after.find(({ id }) => id === sale['id']);
        if (sale['total'] === 10_001) expect([own, now]).toMatchObject([[], { status: 'cancelled', payment_id: null }]);
        else expect([own, now]).toMatchObject([[{ amount: sale['total'] }], { status: 'paid', payment_id: own[0]?.['id'] }]);
      }
      const events = (await client.get('/v1/events?type=sale.placed')).body.data;
      expect(events).toHaveLength(8);
      expect(new Set(events.map(({ state }) => state))).toEqual(new Set(['succeeded']));
      expect(done.map(({ event_id: event }) => event).sort()).toEqual(events.map(({ id }) => id).sort());
    });
  }, 180_000);

  it('checkout: where the shop cannot be told, the payment is given back', async () => {
    await withFlow('checkout', async (flow) => {
      const fault = { kind: 'status', status: 400, match: { pathPrefix: '/shop/sales/' }, times: 1 };
      await systems.call('PUT', '/shop/_admin/faults', [fault]);
      const sale = await sell(42);
      expect(await ended(flow, 1)).toMatchObject([{ state: 'compensated', error: { code: 'ACTION_REFUSED' } }]);
      const own = (await systems.list('/payments')).filter(({ reference }) => reference === sale['id']);
      expect(own).toMatchObject([{ status: 'refunded' }]);
    });
  });

  it('an inquiry in the CRM becomes a ticket, and the CRM knows which', async () => {
    await withFlow('inquiry-to-ticket', async (flow) => {
      const inquiry = await systems.call('POST', '/crm/inquiries', {
        ...{ email: 'ann@example.com', subject: 'Where is my cup?', message: 'It "was" {{ to }} come.' },
      });
      expect(await ended(flow, 1)).toMatchObject([{ state: 'succeeded', trigger: 'webhook' }]);
      const [ticket] = await systems.list('/support/tickets');
      expect(ticket).toMatchObject({ external_id: inquiry['id'], subject: 'Where is my cup?', body: 'It "was" {{ to }} come.' });
      expect(await systems.list('/crm/inquiries')).toMatchObject([{ id: inquiry['id'], ticket_id: ticket?.['id'] }]);
    });
  });

  it('who is added in HR gets on the payroll; who is paid nothing does not', async () => {
    await withFlow('employee-to-payroll', async (flow) => {
      const person = { name: 'Ann', email: 'ann@example.com', currency: 'EUR', starts_on: '2026-12-01' };
      const ann = await systems.call('POST', '/hr/employees', { ...person, salary: 50_000 });
      await systems.call('POST', '/hr/employees', { ...person, name: 'Bob', salary: 0 });
      const done = await ended(flow, 2);
      expect(done.map(({ state }) => state).sort()).toEqual(['skipped', 'succeeded']);
      const paid = await systems.list('/payroll/employees');
      expect(paid).toMatchObject([{ id: ann['id'], monthly_pay: 4_166.67, from: '2026-12-01' }]);
    });
  });

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
    expect(await ended(id, 1)).toMatchObject([{ state: 'succeeded', trigger: 'schedule' }]);
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

  it('both together: each sale is streamed at once to two services, and the warehouse that a sync fills says the same', async () => {
    await withFlow('sale-to-books', async (flow) => {
      const before = await systems.list('/shop/sales');
      await Promise.all(Array.from({ length: 5 }, (_, n) => sell(100 + n / 100)));
      await ended(flow, 5);
      const sync = await client.post('/v1/syncs', {
        ...{ name: 'sales', source_id: systems.connections['shop'], destination_id: world.destinationId },
        streams: [{ name: 'sales', mode: 'incremental_upsert', table: 'sales' }],
      });
      expect(sync).toMatchObject({ status: 201 });
      const run = await client.post(`/v1/syncs/${String(sync.body.id)}/runs`);
      await world.until(String(run.body.id), ({ state }) => state === 'succeeded');
      const { rows } = await world.destination.query<{ revenue: string; count: string }>(
        'SELECT sum(total)::text AS revenue, count(*)::text AS count FROM public.sales WHERE NOT (id = ANY($1))',
        [before.map(({ id }) => id)],
      );
      const sum = (all: Record<string, unknown>[]) =>
        all.reduce((cents, { amount }) => cents + Math.round(Number(amount) * 100), 0);
      const [entries, purchases] = [await systems.list('/accounting/entries'), await systems.list('/crm/purchases')];
      expect([entries.length, purchases.length, rows[0]?.count]).toEqual([5, 5, '5']);
      expect([sum(entries), sum(purchases)]).toEqual([50_010, 50_010]);
      expect(Number(rows[0]?.revenue)).toBe(500.1);
    });
  }, 120_000);
});
