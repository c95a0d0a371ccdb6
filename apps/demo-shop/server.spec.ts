import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseOptions } from './options.js';
import { appended, expectedRows, touched, type ShopState } from './generator.js';
import { startShop, type RunningShop } from './server.js';
import type { StatsSnapshot } from './stats.js';

interface PageBody {
  data: unknown[];
  has_more: boolean;
  next_cursor: string | null;
  total: number;
}

let shop: RunningShop;

const get = (path: string, key = 'key') => fetch(`${shop.address}${path}`, { headers: { 'x-api-key': key } });
async function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${shop.address}/shop/${path}`, {
    method,
    headers: { authorization: 'Bearer boss' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
const state = () => admin<ShopState>('GET', '_admin/state');
const totals = async () => (await admin<StatsSnapshot>('GET', '_stats')).totals;

beforeAll(async () => {
  shop = await startShop(parseOptions(['--api-key', 'key', '--admin-token', 'boss', '--events', '2500', '--marker', 'mark'], {}));
});
afterAll(() => shop.close());
beforeEach(async () => {
  await admin('PUT', '_admin/settings', {
    rate: 0,
    burst: 10,
    concurrency: 0,
    retryAfterSeconds: 0,
    retryAfterDate: false,
    pace: 0,
    latencyMs: 0,
  });
  await admin('POST', '_admin/reset?what=all');
});

async function readByCursor(path: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const body = (await (await get(`${path}?limit=700${cursor && `&cursor=${cursor}`}`)).json()) as PageBody;
    rows.push(...body.data);
    cursor = body.next_cursor;
  }
  return rows;
}

describe('the shop over HTTP', () => {
  it('serves exactly the expected events by cursor, page, offset and Link, and counts the requests', async () => {
    const expected = [...expectedRows('events', await state())];
    expect(await readByCursor('/shop/events')).toEqual(expected);
    const byPage: unknown[] = [];
    const byOffset: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      byPage.push(...((await (await get(`/shop/events?page=${i + 1}&per_page=1000`)).json()) as PageBody).data);
      byOffset.push(...((await (await get(`/shop/events?offset=${i * 1000}&limit=1000`)).json()) as PageBody).data);
    }
    expect(byPage).toEqual(expected);
    expect(byOffset).toEqual(expected);
    const linked: unknown[] = [];
    for (let url: string | undefined = '/shop/events/linked?limit=900'; url !== undefined;) {
      const response: Response = await get(url);
      linked.push(...((await response.json()) as unknown[]));
      url = /^<http:\/\/[^/]+([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(linked).toEqual(expected);
    expect(await totals()).toMatchObject({
      requests: 13,
      ok: 13,
      rows: 10_000,
      distinct: 13,
      repeated: 0,
      max_inflight: 1,
      inflight: 0,
    });
  });

  it('serves one record, and the orders of one customer', async () => {
    const orders = [...expectedRows('orders', await state())];
    expect(await (await get('/shop/orders/7')).json()).toEqual(orders[6]);
    const own = (await (await get('/shop/customers/12/orders?limit=3')).json()) as PageBody;
    const expected = orders.filter((order) => order.customer_id === 12);
    expect(own).toMatchObject({ data: expected.slice(0, 3), has_more: true, total: 5 });
    const rest = (await (await get(`/shop/customers/12/orders?limit=3&cursor=${own.next_cursor}`)).json()) as PageBody;
    expect(rest).toMatchObject({ data: expected.slice(3), has_more: false, next_cursor: null });
    expect((await get('/shop/customers/5000/orders')).status).toBe(404);
    expect((await get('/shop/orders/0')).status).toBe(404);
  });

  it('serves changed and new records as the pure functions foretell', async () => {
    const before = await state();
    await admin('POST', '_admin/touch?entity=events&from=100&to=150&revision=3');
    await admin('POST', '_admin/append?entity=events&count=20');
    const after = appended(touched(before, { entity: 'events', from: 100, to: 150, revision: 3 }), {
      entity: 'events',
      count: 20,
    });
    expect(await state()).toEqual(after);
    expect(await readByCursor('/shop/events')).toEqual([...expectedRows('events', after)]);
    await admin('POST', '_admin/remove?entity=events&from=90&to=120');
    const left = [...expectedRows('events', after)].filter(({ id }) => id < 90 || id > 120);
    expect(await readByCursor('/shop/events')).toEqual(left);
    expect([...expectedRows('events', await state())]).toEqual(left);
  });

  it('refuses a missing or wrong key, and keeps the admin calls to the admin token', async () => {
    expect((await get('/shop/orders', 'wrong')).status).toBe(401);
    expect((await fetch(`${shop.address}/shop/orders`)).status).toBe(401);
    expect((await fetch(`${shop.address}/shop/orders`, { headers: { authorization: 'Bearer key' } })).status).toBe(200);
    expect((await get('/shop/_stats')).status).toBe(401);
    expect((await fetch(`${shop.address}/shop/health`)).status).toBe(200);
    expect(await totals()).toMatchObject({ r401: 2, ok: 1 });
  });

  it('answers 429 over the limit with the headers, and counts who does not listen', async () => {
    await admin('PUT', '_admin/settings', { rate: 1, burst: 2, retryAfterSeconds: 30 });
    expect((await get('/shop/orders?limit=1')).headers.get('ratelimit')).toBe('"default";r=1;t=1');
    await get('/shop/orders?limit=1');
    const refused = await get('/shop/orders?limit=1');
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('x-ratelimit-remaining')]).toEqual([
      429,
      '30',
      '0',
    ]);
    expect(await totals()).toMatchObject({ requests: 3, r429: 1, ok: 2, repeated: 2, refetched: 2, calls_after_429: 0 });
  });

  it('refuses more calls at once than allowed', async () => {
    await admin('PUT', '_admin/settings', { concurrency: 2, latencyMs: 200 });
    const statuses = (await Promise.all([1, 2, 3, 4].map((limit) => get(`/shop/orders?limit=${limit}`)))).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([200, 200, 429, 429]);
    expect(await totals()).toMatchObject({ r429: 2, ok: 2, calls_after_429: 0 });
  });

  it('keeps the pace over all requests together', async () => {
    await admin('PUT', '_admin/settings', { pace: 2_000 });
    const started = performance.now();
    await Promise.all([get('/shop/events?limit=200'), get('/shop/events?limit=200&offset=200')]);
    expect(performance.now() - started).toBeGreaterThan(195);
  });

  it('misbehaves on demand in every way, and then goes on as before', async () => {
    const good = [...expectedRows('orders', await state())].slice(0, 50);
    const read = async (): Promise<unknown> => {
      const response = await get('/shop/orders?limit=50');
      return response.ok ? ((await response.json()) as PageBody).data : response.status;
    };
    const meet = async (rule: object): Promise<unknown> => {
      await admin('PUT', '_admin/faults', [{ times: 1, ...rule }]);
      return read().catch((error: Error) => error.name);
    };
    expect(await meet({ kind: 'status', status: 503 })).toBe(503);
    expect(await meet({ kind: 'reset' })).toBe('TypeError');
    expect(await meet({ kind: 'truncate' })).toBe('TypeError');
    expect(await meet({ kind: 'hang', delayMs: 20 })).toBe('TypeError');
    expect(await meet({ kind: 'bad_json' })).toBe('SyntaxError');
    expect(await meet({ kind: 'wrong_shape' })).toBeUndefined();
    expect(await meet({ kind: 'slow', delayMs: 30 })).toEqual(good);
    expect(await meet({ kind: 'refuse_cursor' })).toEqual(good);
    expect(await read()).toEqual(good);
    expect(await totals()).toMatchObject({ requests: 9, ok: 3, faults: 7, r5xx: 1, inflight: 0, aborted: 0 });
  });

  it('blocks the key after a 429 on demand, and refuses a cursor on demand', async () => {
    const { next_cursor } = (await (await get('/shop/orders?limit=1')).json()) as PageBody;
    await admin('PUT', '_admin/faults', [{ kind: 'refuse_cursor' }, { kind: 'status', status: 429, retryAfter: 60, times: 1 }]);
    expect((await get(`/shop/orders?cursor=${next_cursor}`)).status).toBe(410);
    expect((await get('/shop/orders')).headers.get('retry-after')).toBe('60');
    expect((await get('/shop/products')).status).toBe(429);
  });

  it('refuses what it does not understand and says what it expected', async () => {
    const answer = await get('/shop/orders?limit=5001');
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: { code: 'bad_parameter', message: 'limit: expected an integer from 1 to 5000' } },
    ]);
    await expect(admin('PUT', '_admin/faults', [{ kind: 'nothing' }])).rejects.toThrow(/400.*bad_body/);
    await expect(admin('POST', '_admin/touch?entity=orders&from=1&to=999999&revision=1')).rejects.toThrow(/400.*to: expected/);
    await expect(admin('PUT', '_admin/settings', { speed: 1 })).rejects.toThrow(/400.*bad_body/);
  });

  it('sends a client elsewhere when asked to', async () => {
    const answer = await fetch(`${shop.address}/shop/_redirect?to=http://169.254.169.254/latest`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://169.254.169.254/latest']);
  });
});
