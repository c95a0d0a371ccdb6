import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pageAfter, playApi, recordsWith, type PlayedAnswer, type PlayedApi } from '../../support/connectors/played-api.js';

/** As shopify.dev/docs/api/admin-graphql has it: one address, `pageInfo`, and what is refused in `errors` or `userErrors` of a 200. */
interface Sent {
  query: string;
  variables: Record<string, unknown> & { first: number; after?: string };
}
const sent = (body: string): Sent => JSON.parse(body) as Sent;
const records = recordsWith(25, (n) => ({ id: `gid://shopify/Thing/${n}`, updatedAt: '2026-01-02T00:00:00Z' }));
const ORDER = 'gid://shopify/Order/1';
const MADE: Record<string, object> = {
  tagsAdd: { node: { id: ORDER }, userErrors: [] },
  orderUpdate: { order: { id: ORDER, updatedAt: '2026-01-02T00:00:00Z' }, userErrors: [] },
  fulfillmentCreate: { fulfillment: { id: 'gid://shopify/Fulfillment/1', status: 'SUCCESS' }, userErrors: [] },
  orderCancel: { job: { id: 'gid://shopify/Job/1', done: false }, orderCancelUserErrors: [] },
};

let shopify: PlayedApi;
beforeEach(async () => {
  const config = { access_token: 'shpat_1', start_date: '2026-01-01', page_size: 10 };
  shopify = await playApi('shopify', config, ({ body }): PlayedAnswer => {
    const { query, variables } = sent(body);
    const [, mutation] = /(tagsAdd|orderUpdate|fulfillmentCreate|orderCancel)\(/.exec(query) ?? [];
    if (mutation !== undefined) return { body: { data: { [mutation]: MADE[mutation] } } };
    if (query.includes('order(id: $id)')) return { body: { data: { order: { id: ORDER, cancelledAt: null } } } };
    const [, root = ''] = /\{ (\w+)\(first: \$first/.exec(query) ?? [];
    const { page, hasMore } = pageAfter(records, variables.after ?? null, variables.first);
    return { body: { data: { [root]: { nodes: page, pageInfo: { hasNextPage: hasMore, endCursor: page.at(-1)?.id } } } } };
  });
});
afterEach(() => shopify.close());

it.each(['products', 'customers', 'orders'])('reads %s by cursor, oldest change first', async (stream) => {
  shopify.before.push(
    { body: { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }] } },
    { status: 429, headers: { 'retry-after': '1' }, body: {} },
  );
  expect((await shopify.read(stream)).map(({ id }) => id)).toEqual(records.map(({ id }) => id));
  const query = "updated_at:>='2026-01-01T00:00:00Z' updated_at:<='2026-03-01T00:00:00Z'";
  const first = { first: 10, query };
  expect(shopify.requests.map(({ body }) => sent(body).variables)).toEqual([
    ...[first, first, first],
    { ...first, after: 'gid://shopify/Thing/10' },
    { ...first, after: 'gid://shopify/Thing/20' },
  ]);
  for (const { method, path, headers, body } of shopify.requests) {
    expect({ method, path }).toEqual({ method: 'POST', path: '/admin/api/2026-07/graphql.json' });
    expect(headers).toMatchObject({ 'x-shopify-access-token': 'shpat_1', 'content-type': 'application/json' });
    expect(sent(body).query).toContain(`${stream}(first: $first, after: $after, query: $query, sortKey: UPDATED_AT)`);
  }
});

it('fails where a query is refused in a 200 answer', async () => {
  shopify.before.push({ body: { errors: [{ message: 'Access denied', extensions: { code: 'ACCESS_DENIED' } }] } });
  await expect(shopify.read('orders')).rejects.toMatchObject({ code: expect.any(String) });
  expect(shopify.requests).toHaveLength(1);
});

const fulfillment = { fulfillment_order: 'gid://shopify/FulfillmentOrder/1', tracking: { number: '5' } };
const cancellation = { id: ORDER, reason: 'CUSTOMER', refund: true, restock: false };
const CALLS = [
  ['add_tags', 'tagsAdd', { id: ORDER, tags: ['a', 'b'] }, { id: ORDER, tags: ['a', 'b'] }],
  ['update_order', 'orderUpdate', { id: ORDER, note: 'gift' }, { input: { id: ORDER, note: 'gift' } }],
  [
    ...(['create_fulfillment', 'fulfillmentCreate', fulfillment] as const),
    {
      fulfillment: {
        ...{
          lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: fulfillment.fulfillment_order }],
          trackingInfo: { number: '5' },
        },
      },
    },
  ],
  [
    ...(['cancel_order', 'orderCancel', cancellation] as const),
    { orderId: ORDER, reason: 'CUSTOMER', refundMethod: { originalPaymentMethodsRefund: true }, restock: false },
  ],
] as const;

it.each(CALLS)('%s sends %s, and fails by its errors', async (action, mutation, input, variables) => {
  expect(await shopify.call(action, input as never)).toMatchObject({ kind: 'succeeded', status: 200 });
  const [request] = shopify.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/admin/api/2026-07/graphql.json' });
  expect(sent(request?.body ?? '').query).toContain(`${mutation}(`);
  expect(sent(request?.body ?? '').variables).toEqual(variables);

  const name = mutation === 'orderCancel' ? 'orderCancelUserErrors' : 'userErrors';
  shopify.before.push(
    { body: { data: { [mutation]: { [name]: [{ field: ['id'], message: 'is gone' }] } } } },
    { body: { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }] } },
    { body: { errors: [{ message: 'Access denied' }] } },
  );
  expect(await shopify.call(action, input as never)).toMatchObject({ kind: 'failed', error: { code: 'ACTION_REFUSED' } });
  expect(await shopify.call(action, input as never)).toMatchObject({ kind: 'postponed' });
  expect(await shopify.call(action, input as never)).toMatchObject({ kind: 'failed' });
});

it('a cancellation is looked up at the order', async () => {
  expect(await shopify.lookup('cancel_order', cancellation)).toBeNull();
  const order = { id: ORDER, cancelledAt: '2026-01-02T00:00:00Z' };
  shopify.before.push({ body: { data: { order } } }, { body: { errors: [{ message: 'oops' }] } });
  expect(await shopify.lookup('cancel_order', cancellation)).toEqual({ result: JSON.stringify(order) });
  await expect(shopify.lookup('cancel_order', cancellation)).rejects.toMatchObject({ code: 'ACTION_REFUSED' });
});
