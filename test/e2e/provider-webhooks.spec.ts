import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import type { DemoSystems } from '../../apps/demo/scenarios/demo-systems.js';
import { connectDemoSystems, startDemoSystems } from '../support/flows/demo-systems.js';
import { PROVIDERS, type ProviderSending } from '../support/hooks/provider-requests.js';
import type { Sent } from '../support/hooks/signed-requests.js';
import { RunWorld } from '../support/runs/run-world.js';
import { eventually } from '../support/eventually.js';

type Provider = keyof typeof PROVIDERS;
const NAMES = Object.keys(PROVIDERS) as Provider[];
/** As these providers write theirs. */
const SECRETS: Record<Provider, string> = {
  shopify: '8f1a2b3c4d5e6f708192a3b4c5d6e7f8',
  stripe: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  zendesk: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
};
const CONFIGS: Record<Provider, object> = {
  shopify: { base_url: 'https://example.myshopify.com', access_token: 'shpat_1', start_date: '2026-01-01' },
  stripe: { secret_key: 'sk_test_1', start_date: '2026-01-01' },
  zendesk: {
    base_url: 'https://example.zendesk.com',
    email: 'ann@example.com',
    api_token: 't0ken',
    start_date: '2026-01-01',
  },
};
const TYPES: Record<Provider, string> = {
  shopify: 'orders/paid',
  stripe: 'payment_intent.succeeded',
  zendesk: 'zen:event-type:ticket.status_changed',
};

let shop: AppProcess;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let stranger: ApiClient;
let systems: DemoSystems;
const connections = {} as Record<Provider, string>;
const hooks = {} as Record<Provider, string>;

beforeAll(async () => {
  shop = await startDemoSystems();
  world = await RunWorld.create();
  const allowed = world.allowing(new URL(shop.address).host);
  const started = await world.startApi(allowed);
  ({ api, client } = started);
  stranger = new ApiClient(api.address, null);
  await world.startWorker(allowed);
  systems = await connectDemoSystems(shop, { address: api.address, key: started.key });
  for (const name of NAMES) {
    connections[name] = await client.created('/v1/connections', { name, connector: name, config: CONFIGS[name] });
    hooks[name] = await client.created(`/v1/connections/${connections[name]}/hooks`, {
      webhook: 'events',
      secret: SECRETS[name],
    });
  }
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
  await shop?.stop();
});

const sign = (name: Provider, sending: Partial<ProviderSending> = {}): Sent =>
  PROVIDERS[name]({ id: randomUUID(), type: TYPES[name], secret: SECRETS[name], ...sending });
const post = (name: Provider, { headers, body }: Sent) => stranger.post(`/v1/hooks/${hooks[name]}`, body, headers);
const events = async (name: Provider) => (await client.get(`/v1/events?connection_id=${connections[name]}&limit=100`)).body.data;
const refused = (code: string) => ({ status: 401, body: { code } });

describe.each(NAMES)('a webhook of %s', (name) => {
  it('is stored once, with its type, its id and its time, byte for byte', async () => {
    const id = randomUUID();
    const sent = sign(name, { id });
    const first = await post(name, sent);
    expect(first).toMatchObject({ status: 200, body: { duplicate: false } });
    // Sent again, as providers do: signed anew, with an id of its own for the delivery.
    expect(await post(name, sign(name, { id }))).toMatchObject({
      status: 200,
      body: { duplicate: true, event: first.body['event'] },
    });
    const event = await client.get(`/v1/events/${String(first.body['event'])}?body=true`);
    expect(event.body).toMatchObject({ type: TYPES[name], provider_id: expect.stringContaining(id) });
    expect(String(event.body['occurred_at'])).toMatch(/^2026-07-10T/);
    expect(event.body['body']).toEqual(JSON.parse(sent.body));
    const { data } = (await client.get(`/v1/connectors/${name}/webhooks`)).body;
    expect(data[0]?.['events']).toContainEqual(
      expect.objectContaining({ type: TYPES[name], schema: expect.objectContaining({ type: 'object' }) }),
    );
  });

  it('is refused with another secret, another body, a part of its signature or none, and not stored', async () => {
    const before = (await events(name)).length;
    const right = sign(name);
    const [signature = ''] = Object.keys(right.headers).filter((header) => /hmac|signature$/i.test(header));
    const without = Object.fromEntries(Object.entries(right.headers).filter(([header]) => header !== signature));
    const wrong = [
      sign(name, { secret: `${SECRETS[name]}x` }),
      { ...right, body: right.body.replace('{', '{ ') },
      { ...right, headers: without },
      { ...right, headers: { ...right.headers, [signature]: right.headers[signature]?.replace(/(?<=^|v1=)[^,=]{3}/, '') ?? '' } },
    ];
    for (const sent of wrong) expect(await post(name, sent)).toMatchObject(refused('SIGNATURE_INVALID'));
    expect((await events(name)).length).toBe(before);
    expect(await post(name, right)).toMatchObject({ status: 200 });
  });
});

// Shopify signs no time: what comes again is known by its id.
it.each(['stripe', 'zendesk'] as const)('a webhook of %s is refused where its time is not near now', async (name) => {
  const minutes = (count: number) => new Date(Date.now() + count * 60_000);
  for (const sentAt of [minutes(-6), minutes(6)])
    expect(await post(name, sign(name, { sentAt }))).toMatchObject(refused('SIGNATURE_EXPIRED'));
  expect(await post(name, sign(name, { sentAt: minutes(-4) }))).toMatchObject({ status: 200 });
});

it('what one act at Shopify causes under two topics are two events', async () => {
  const id = randomUUID();
  const [paid, updated] = [sign('shopify', { id }), sign('shopify', { id, type: 'orders/updated' })];
  const answers = [await post('shopify', paid), await post('shopify', updated)];
  expect(answers.map(({ body }) => body['duplicate'])).toEqual([false, false]);
});

it('events of the three make calls at other systems, each once', async () => {
  const inquiry = await systems.call('POST', '/crm/inquiries', { email: 'ann@example.com', subject: 'Cup', message: 'Where?' });
  const book = (connection: string, event: string, input: object) => ({
    ...{ name: `${connection} to books`, on: { webhook: { connection, event } } },
    steps: [{ id: 'book', connection: 'accounting', action: 'post_entry', input: { ...input, account: '"sales"' } }],
  });
  const made = await Promise.all(
    [
      book('shopify', TYPES.shopify, {
        ...{ reference: 'event.body.admin_graphql_api_id', amount: '$number(event.body.total_price)' },
        currency: 'event.body.currency',
      }),
      book('stripe', TYPES.stripe, {
        ...{ reference: 'event.body.data.object.id', amount: 'event.body.data.object.amount / 100' },
        currency: '$uppercase(event.body.data.object.currency)',
      }),
      {
        ...{ name: 'ticket to inquiry', on: { webhook: { connection: 'zendesk', event: TYPES.zendesk } } },
        steps: [
          {
            ...{ id: 'link', connection: 'crm', action: 'link_ticket' },
            input: { inquiry: 'event.body.detail.external_id', ticket: 'event.body.detail.id' },
          },
        ],
      },
    ].map((flow) => client.created('/v1/flows', flow)),
  );
  for (const name of NAMES) {
    const sending = { id: randomUUID(), detail: { external_id: inquiry['id'] } };
    for (const sent of [sign(name, sending), sign(name, sending)]) expect(await post(name, sent)).toMatchObject({ status: 200 });
  }
  const runs = async () =>
    (await Promise.all(made.map(async (id) => (await client.get(`/v1/flow-runs?flow_id=${id}`)).body.data))).flat();
  const ended = await eventually(runs, (all) => all.length === 3 && all.every(({ finished_at: at }) => at !== null), {
    everyMs: 100,
  });
  expect(ended.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(
    (await systems.list('/accounting/entries')).map(({ reference, amount, currency }) => [reference, amount, currency]),
  ).toEqual(
    expect.arrayContaining([
      ['gid://shopify/Order/5940139491234', 59.99, 'USD'],
      ['pi_1', 59.99, 'USD'],
    ]),
  );
  expect(await systems.list('/accounting/entries')).toHaveLength(2);
  expect(await systems.list('/crm/inquiries')).toMatchObject([{ id: inquiry['id'], ticket_id: '35436' }]);
});
