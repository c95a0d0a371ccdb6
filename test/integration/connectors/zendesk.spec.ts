import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { KEY, pageAfter, playApi, recordsWith, type PlayedAnswer, type PlayedApi } from '../../support/connectors/played-api.js';

/** As developer.zendesk.com/api-reference/ticketing has it. */
const time = '2026-01-02T00:00:00Z';
const records = recordsWith(25, (n) => ({ id: n, updated_at: time, generated_timestamp: 1_767_312_000 + n }));
const ticket = { id: 7, status: 'open' };
const AUTHORIZATION = `Basic ${Buffer.from('ann@example.com/token:t0ken').toString('base64')}`;

let zendesk: PlayedApi;
beforeEach(async () => {
  const config = { email: 'ann@example.com', api_token: 't0ken', start_date: '2026-01-01', page_size: 10 };
  zendesk = await playApi('zendesk', config, ({ method, path, query }): PlayedAnswer => {
    const [, name = ''] = /^\/api\/v2\/incremental\/(tickets|users)\/cursor\.json$/.exec(path) ?? [];
    if (name !== '') {
      const { page, hasMore } = pageAfter(records, query['cursor'] ?? null, Number(query['per_page']));
      return { body: { [name]: page, after_cursor: String(page.at(-1)?.id), after_url: 'https://x', end_of_stream: !hasMore } };
    }
    if (path === '/api/v2/organizations.json') {
      const { page, hasMore } = pageAfter(
        recordsWith(250, (id) => ({ id })),
        query['page[after]'] ?? null,
        Number(query['page[size]']),
      );
      return { body: { organizations: page, meta: { has_more: hasMore, after_cursor: String(page.at(-1)?.id) } } };
    }
    if (method === 'GET' && path === '/api/v2/tickets.json') return { body: { tickets: [ticket], count: 1 } };
    if (method === 'POST' && path === '/api/v2/tickets.json') return { status: 201, body: { ticket } };
    if (method === 'PUT' && path === '/api/v2/tickets/7.json') return { body: { ticket, audit: {} } };
    return { status: 404, body: { error: 'RecordNotFound', description: 'Not found' } };
  });
});
afterEach(() => zendesk.close());

it.each(['tickets', 'users'])('exports %s by cursor; only the first request names a time', async (stream) => {
  zendesk.before.push({ status: 429, headers: { 'retry-after': '1' }, body: {} });
  expect((await zendesk.read(stream)).map(({ id }) => id)).toEqual(records.map(({ id }) => id));
  const first = { per_page: '10', start_time: '1767225600' };
  expect(zendesk.requests.map(({ query }) => query)).toEqual([
    first,
    first,
    { per_page: '10', cursor: '10' },
    { per_page: '10', cursor: '20' },
  ]);
  for (const { method, path, headers } of zendesk.requests)
    expect({ method, path, authorization: headers.authorization }).toEqual({
      ...{ method: 'GET', path: `/api/v2/incremental/${stream}/cursor.json`, authorization: AUTHORIZATION },
    });
});

it('reads organizations by cursor', async () => {
  expect(await zendesk.read('organizations')).toHaveLength(250);
  expect(zendesk.requests.map(({ query }) => query)).toEqual([
    { 'page[size]': '100' },
    { 'page[size]': '100', 'page[after]': '100' },
    { 'page[size]': '100', 'page[after]': '200' },
  ]);
});

it('opens a ticket once, finds it, comments on it and solves it', async () => {
  const input = {
    subject: 'Cup',
    body: 'It is broken.',
    requester: { email: 'bob@example.com' },
    external_id: 'o5',
    tags: ['shop'],
  };
  const made = await zendesk.call('create_ticket', input);
  expect(made).toMatchObject({ kind: 'succeeded', status: 201, result: '{"id":7,"status":"open"}' });
  expect(await zendesk.call('find_tickets', { external_id: 'o5' })).toMatchObject({ result: '[{"id":7,"status":"open"}]' });
  await zendesk.call('add_comment', { id: 7, body: 'Sorry.', public: false });
  await zendesk.call('update_status', { id: 7, status: 'solved' });
  const shown = zendesk.requests.map(({ method, path, query, body }) => ({
    ...{ method, path, query, body: body === '' ? null : (JSON.parse(body) as unknown) },
  }));
  const { subject, requester, external_id, tags } = input;
  expect(shown).toEqual([
    {
      ...{ method: 'POST', path: '/api/v2/tickets.json', query: {} },
      body: { ticket: { subject, comment: { body: input.body }, requester, external_id, tags } },
    },
    { method: 'GET', path: '/api/v2/tickets.json', query: { external_id: 'o5' }, body: null },
    {
      ...{ method: 'PUT', path: '/api/v2/tickets/7.json', query: {} },
      body: { ticket: { comment: { body: 'Sorry.', public: false } } },
    },
    { method: 'PUT', path: '/api/v2/tickets/7.json', query: {}, body: { ticket: { status: 'solved' } } },
  ]);
  expect(zendesk.requests[0]?.headers).toMatchObject({
    ...{ 'idempotency-key': KEY, 'content-type': 'application/json', authorization: AUTHORIZATION },
  });
  expect(zendesk.requests[2]?.headers).not.toHaveProperty('idempotency-key');
});

it.each([
  [422, 'failed', { error: 'RecordInvalid', description: 'Record validation errors' }],
  [429, 'postponed', {}],
  [503, 'unknown', {}],
])('status %i of a call: %s', async (status, kind, body) => {
  zendesk.before.push({ status, headers: { 'retry-after': '1' }, body });
  expect(await zendesk.call('update_status', { id: 7, status: 'solved' })).toMatchObject({ kind, status });
});
