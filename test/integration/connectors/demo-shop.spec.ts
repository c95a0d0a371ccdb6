import { afterEach, describe, expect, it } from '@jest/globals';
import { SluiceError } from '../../../libs/errors/index.js';
import { NOW, openShop, planOf, readAll, syncAll } from './support.js';

const open: Awaited<ReturnType<typeof openShop>>[] = [];
async function shop(...args: Parameters<typeof openShop>) {
  const opened = await openShop(...args);
  open.push(opened);
  return opened;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ close }) => close()));
});

const SMALL = ['--customers', '1300', '--orders', '500', '--order-items', '700', '--products', '250', '--events', '2000'];
const ids = (records: readonly Record<string, unknown>[]): number[] =>
  records.map(({ id }) => id as number).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: unknown) => (error instanceof SluiceError ? error.code : String(error)),
  );

describe('the declarative engine reading the demo shop', () => {
  it('reads a cursor-paginated stream once and remembers its highest cursor', async () => {
    const { source } = await shop(SMALL, { page_size: 100 });
    const { records, state } = await syncAll(source, 'events');
    expect(ids(records)).toEqual(upTo(2000));
    const highest = records
      .map(({ updated_at: at }) => at as string)
      .sort()
      .at(-1);
    expect(state).toEqual({ updated_at: highest });
    const again = await syncAll(source, 'events', state);
    expect(again.records.every(({ updated_at: at }) => at === highest)).toBe(true);
    expect(again.state).toEqual(state);
  });

  it('goes on from any position with exactly what follows', async () => {
    const { source } = await shop(SMALL, { page_size: 300 });
    const [slice] = await planOf(source, 'events');
    if (slice === undefined) throw new Error('no slice');
    const first = await readAll(source, 'events', slice, null, 3);
    const rest = await readAll(source, 'events', slice, JSON.parse(JSON.stringify(first.position)) as typeof first.position);
    expect(ids([...first.records, ...rest.records])).toEqual(upTo(2000));
    expect(rest.pages).toBe(4);
    const none = await readAll(source, 'events', slice, rest.position);
    expect(none.pages).toBe(0);
  });

  it.each([
    ['products_by_page', 250],
    ['order_items_by_offset', 700],
    ['orders_linked', 500],
  ])('reads %s to its last page', async (stream, count) => {
    const { source } = await shop(SMALL, { page_size: 100 });
    expect(ids((await syncAll(source, stream)).records)).toEqual(upTo(count));
    const { streams } = await source.discover();
    const found = streams.find(({ name }) => name === stream);
    expect(found).toMatchObject({ resume: 'within_slice', primaryKey: ['id'], cursorField: null });
    expect(found?.warnings).toHaveLength(1);
  });

  it('cuts a stream into windows and keeps a gap in the state until the missing one is read', async () => {
    const { source } = await shop([...SMALL.slice(0, -1), '200000'], { start_date: '2020-01-01T00:00:00Z', page_size: 5000 });
    const slices = (await planOf(source, 'events_by_window')).slice(0, 3);
    expect(slices.map(({ id }) => id)).toEqual([
      '2020-01-01T00:00:00Z..2020-01-30T23:59:59Z',
      '2020-01-31T00:00:00Z..2020-02-29T23:59:59Z',
      '2020-03-01T00:00:00Z..2020-03-30T23:59:59Z',
    ]);
    const [a, b, c] = slices as [(typeof slices)[0], (typeof slices)[0], (typeof slices)[0]];
    const stream = 'events_by_window';
    const read = await Promise.all(slices.map((slice) => readAll(source, stream, slice)));
    const afterC = source.complete({ stream, slice: c, position: read[2]?.position ?? null, state: null });
    const afterAC = source.complete({ stream, slice: a, position: read[0]?.position ?? null, state: afterC });
    expect(afterAC).toMatchObject({
      state_type: 'date-range',
      slices: [{ end: '2020-01-30T23:59:59Z' }, { start: '2020-03-01T00:00:00Z' }],
    });
    const missing = await planOf(source, stream, afterAC);
    expect(missing[0]?.id).toBe(b.id);
    expect(missing.some(({ id }) => id === a.id || id === c.id)).toBe(false);
    const whole = source.complete({ stream, slice: b, position: read[1]?.position ?? null, state: afterAC });
    expect(whole).toMatchObject({ slices: [{ end: '2020-03-30T23:59:59Z' }] });
    expect((await planOf(source, stream, whole))[0]?.id).toMatch(/^2020-03-30T23:59:59Z/);
  });

  it('plans a slice for each parent record, in pages, and finds its place again', async () => {
    const { source } = await shop(SMALL, { page_size: 500 });
    const first = await source.slices({ stream: 'customer_orders', state: null, now: NOW, incremental: true, after: null });
    expect(first.slices).toHaveLength(1000);
    const second = await source.slices({
      stream: 'customer_orders',
      state: null,
      now: NOW,
      incremental: true,
      after: first.next,
    });
    expect(second.slices).toHaveLength(300);
    expect(second.next).toBeNull();
    const all = [...first.slices, ...second.slices];
    expect(new Set(all.map(({ id }) => id)).size).toBe(1300);
    const slice = all.find(({ spec }) => (spec['p'] as { customer_id: number }).customer_id === 7);
    if (slice === undefined) throw new Error('no slice for customer 7');
    const { records } = await readAll(source, 'customer_orders', slice);
    expect(records.every(({ customer_id: id }) => id === 7)).toBe(true);
    expect(JSON.stringify(all.map(({ id, partition }) => [id, partition]))).not.toContain('customer');
  });

  it('tries again after server errors, resets, cut bodies and 429', async () => {
    const { source, admin } = await shop(SMALL, { page_size: 500 });
    await admin('PUT', '/shop/_admin/faults', [
      { kind: 'status', status: 503, times: 1 },
      { kind: 'reset', times: 1 },
      { kind: 'truncate', times: 1 },
      { kind: 'status', status: 429, retryAfter: 1, times: 1 },
    ]);
    expect(ids((await syncAll(source, 'events')).records)).toEqual(upTo(2000));
  });

  it('leaves long waits to its caller', async () => {
    const { source, admin } = await shop(SMALL);
    await admin('PUT', '/shop/_admin/faults', [{ kind: 'status', status: 429, retryAfter: 120, times: 1 }]);
    const [slice] = await planOf(source, 'events');
    if (slice === undefined) throw new Error('no slice');
    const before = Date.now();
    const error = await readAll(source, 'events', slice).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RATE_LIMITED' });
    expect((error as SluiceError).retryAt).toBeGreaterThan(before + 100_000);
  });

  it('says when a stored position is refused', async () => {
    const { source, admin } = await shop(SMALL, { page_size: 500 });
    const [slice] = await planOf(source, 'events');
    if (slice === undefined) throw new Error('no slice');
    const { position } = await readAll(source, 'events', slice, null, 1);
    await admin('PUT', '/shop/_admin/faults', [{ kind: 'refuse_cursor', times: 1 }]);
    expect(await codeOf(readAll(source, 'events', slice, position))).toBe('POSITION_REFUSED');
  });

  it('checks the connection, and never shows its key', async () => {
    const good = await shop(SMALL);
    await good.source.check();
    expect(good.account.account).toMatch(/^127\.0\.0\.1:\d+#[0-9a-f]{16}$/);
    const bad = await shop(SMALL, { api_key: 'wrong-key-TOPSECRET' });
    const error = await bad.source.check().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SOURCE_AUTH_FAILED', details: { stream: 'customers', status: 401 } });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('TOPSECRET');
  });

  it('stops with the reason of the signal', async () => {
    const { source, admin } = await shop(SMALL);
    await admin('PUT', '/shop/_admin/faults', [{ kind: 'hang', times: 1 }]);
    const [slice] = await planOf(source, 'events');
    if (slice === undefined) throw new Error('no slice');
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _page of source.read({ stream: 'events', slice, position: null, signal: controller.signal }))
        throw new Error('a page came');
    })();
    setTimeout(() => controller.abort(new Error('paused')), 50);
    await expect(reading).rejects.toThrow('paused');
  });
});
