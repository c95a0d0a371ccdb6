import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { KEY, pageAfter, playApi, recordsWith, type PlayedAnswer, type PlayedApi } from '../../support/connectors/played-api.js';

/** As docs.stripe.com/api has it: newest first, at most 100 a page, `has_more`, and what is refused in `error`. */
const CREATED = 1_767_300_000;
const STREAMS = ['charges', 'payment_intents', 'customers', 'refunds', 'events'];
const listOf = (path: string) => {
  const name = path.split('/')[2] ?? '';
  return STREAMS.includes(name) ? recordsWith(250, (n) => ({ id: `${name}_${251 - n}`, created: CREATED + 251 - n })) : null;
};

let stripe: PlayedApi;
beforeEach(async () => {
  stripe = await playApi(
    'stripe',
    { secret_key: 'sk_test_1', start_date: '2026-01-01' },
    ({ method, path, query }): PlayedAnswer => {
      if (path === '/v1/payment_intents/search')
        return { body: { object: 'search_result', has_more: false, data: [{ id: 'pi_1', status: 'succeeded' }] } };
      if (method === 'POST') return { body: { id: 'made_1', status: 'succeeded', amount: 1_000, currency: 'eur' } };
      const list = listOf(path);
      if (list === null) return { status: 404, body: { error: { type: 'invalid_request_error', message: 'no such thing' } } };
      const { page, hasMore } = pageAfter(list, query['starting_after'] ?? null, Number(query['limit']));
      return { body: { object: 'list', url: path, has_more: hasMore, data: page } };
    },
  );
});
afterEach(() => stripe.close());

it.each(STREAMS)('reads %s by pages of 100, between two times', async (stream) => {
  stripe.before.push({ status: 429, headers: { 'retry-after': '1' }, body: { error: { type: 'rate_limit_error' } } });
  const records = await stripe.read(stream);
  expect(records.map(({ id }) => id)).toEqual(recordsWith(250, (n) => `${stream}_${251 - n}`));
  const range = { 'created[gte]': '1767225600', 'created[lte]': '1772323200', limit: '100' };
  expect(stripe.requests.map(({ method, path, query }) => ({ method, path, query }))).toEqual(
    [range, range, { ...range, starting_after: `${stream}_151` }, { ...range, starting_after: `${stream}_51` }].map((query) => ({
      ...{ method: 'GET', path: `/v1/${stream}`, query },
    })),
  );
  for (const { headers } of stripe.requests)
    expect(headers).toMatchObject({ authorization: 'Bearer sk_test_1', 'stripe-version': '2026-02-25.clover' });
});

it('makes a payment intent once, as a form with brackets', async () => {
  const outcome = await stripe.call('create_payment_intent', {
    ...{ amount: 1_000, currency: 'eur', confirm: true, payment_method_types: ['card', 'sepa_debit'] },
    ...{ automatic_payment_methods: { enabled: false }, metadata: { order: '5 & 6' } },
  });
  expect(outcome).toMatchObject({ kind: 'succeeded', status: 200 });
  const [request] = stripe.requests;
  expect(request).toMatchObject({
    ...{ method: 'POST', path: '/v1/payment_intents' },
    headers: { 'idempotency-key': KEY, 'content-type': 'application/x-www-form-urlencoded', authorization: 'Bearer sk_test_1' },
  });
  expect([...new URLSearchParams(request?.body)]).toEqual([
    ['amount', '1000'],
    ['currency', 'eur'],
    ['payment_method_types[0]', 'card'],
    ['payment_method_types[1]', 'sepa_debit'],
    ['automatic_payment_methods[enabled]', 'false'],
    ['confirm', 'true'],
    ['metadata[order]', '5 & 6'],
  ]);
});

it('refunds, and searches', async () => {
  await stripe.call('refund', { payment_intent: 'pi_1', amount: 250, reason: 'duplicate' });
  const found = await stripe.call('search_payment_intents', { query: "metadata['order']:'5'", limit: 3 });
  expect(found).toMatchObject({ kind: 'succeeded', result: '[{"id":"pi_1","status":"succeeded"}]' });
  expect(stripe.requests).toMatchObject([
    { path: '/v1/refunds', headers: { 'idempotency-key': KEY }, body: 'payment_intent=pi_1&amount=250&reason=duplicate' },
    { method: 'GET', path: '/v1/payment_intents/search', query: { query: "metadata['order']:'5'", limit: '3' }, body: '' },
  ]);
});

it.each([
  [402, 'failed', { error: { type: 'card_error', code: 'card_declined' } }],
  [400, 'failed', { error: { type: 'idempotency_error' } }],
  // Another request with the same key is being worked on: it is made again, with that key.
  [409, 'postponed', { error: { type: 'invalid_request_error' } }],
  [429, 'postponed', { error: { type: 'invalid_request_error', code: 'lock_timeout' } }],
  [500, 'unknown', { error: { type: 'api_error' } }],
])('status %i of a call: %s', async (status, kind, body) => {
  stripe.before.push({ status, body });
  expect(await stripe.call('refund', { payment_intent: 'pi_1' })).toMatchObject({ kind, status });
});
