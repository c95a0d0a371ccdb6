import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_SIZES, timestamp } from './entities.js';
import { expectedRows, initialState, touched, appended, type ShopState } from './generator.js';
import { OrderLog, type Key } from './order-log.js';
import { PageStore } from './pages.js';
import { BadParameter, decodeCursor, encodeCursor, parsePageRequest, selectPage } from './paging.js';

const sizes = { ...DEFAULT_SIZES, orders: 57 };
const parse = (query: string) => parsePageRequest(new URLSearchParams(query), { scope: 'orders', maxLimit: 100 });

/** Small histories of touches and appends on 57 orders. */
const states: fc.Arbitrary<ShopState> = fc
  .array(
    fc.oneof(
      fc.record({ count: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ from: fc.integer({ min: 1, max: 57 }), span: fc.nat(9) }),
    ),
    { maxLength: 5 },
  )
  .map((changes) =>
    changes.reduce<ShopState>(
      (state, change, index) =>
        'count' in change
          ? appended(state, { entity: 'orders', count: change.count })
          : touched(state, {
              entity: 'orders',
              from: change.from,
              to: Math.min(57, change.from + change.span),
              revision: index + 1,
            }),
      initialState(sizes),
    ),
  );

/** Reads all pages in one style; `window` is appended to each query. */
function readAll(state: ShopState, style: 'cursor' | 'page' | 'offset', limit: number, window = ''): unknown[] {
  const log = new OrderLog(state.entities.orders);
  const store = new PageStore({ sizes, marker: '', cacheBytes: 0 });
  const rows: unknown[] = [];
  for (let index = 0, next: Key | undefined; ; index++) {
    const start = {
      cursor: next ? `cursor=${encodeCursor('orders', next)}` : '',
      page: `page=${index + 1}`,
      offset: `offset=${index * limit}`,
    };
    const page = selectPage(log, parse(`limit=${limit}&${start[style]}${window}`));
    rows.push(...(JSON.parse(`[${Buffer.concat(store.rows('orders', log, page.from, page.to)).toString()}]`) as unknown[]));
    if (!page.hasMore) return rows;
    next = page.next;
  }
}

describe('pages', () => {
  it('give exactly the expected rows in every style, whatever was changed before and however large the pages', () => {
    fc.assert(
      fc.property(states, fc.integer({ min: 1, max: 30 }), (state, limit) => {
        const expected = [...expectedRows('orders', state)];
        for (const style of ['cursor', 'page', 'offset'] as const) expect(readAll(state, style, limit)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('give exactly the rows of a window, both ends inclusive, in every style', () => {
    fc.assert(
      fc.property(states, fc.nat(25), fc.nat(10), fc.integer({ min: 1, max: 9 }), (state, since, span, limit) => {
        const [from, to] = [timestamp(since), timestamp(since + span)];
        const expected = [...expectedRows('orders', state)].filter((r) => r.updated_at >= from && r.updated_at <= to);
        for (const style of ['cursor', 'page', 'offset'] as const) {
          expect(readAll(state, style, limit, `&updated_since=${from}&updated_until=${to}`)).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('after a cursor give everything behind it, also when the row it names has moved', () => {
    fc.assert(
      fc.property(states, fc.nat(56), fc.integer({ min: 1, max: 57 }), (state, position, id) => {
        const key = new OrderLog(state.entities.orders).keyAt(position);
        const later = touched(state, { entity: 'orders', from: id, to: id, revision: 99 });
        const log = new OrderLog(later.entities.orders);
        const { from } = selectPage(log, parse(`cursor=${encodeCursor('orders', key)}`));
        const keys = Array.from({ length: log.total }, (_, i) => log.keyAt(i));
        expect(keys.slice(from)).toEqual(keys.filter((k) => k.tick > key.tick || (k.tick === key.tick && k.id > key.id)));
      }),
    );
  });

  it('end without a cursor, and are empty behind the end', () => {
    const log = OrderLog.initial(10);
    expect(selectPage(log, parse('limit=10'))).toMatchObject({ from: 0, to: 10, hasMore: false, next: undefined, total: 10 });
    expect(selectPage(log, parse('page=9&limit=10'))).toMatchObject({ from: 10, to: 10, hasMore: false });
    expect(selectPage(OrderLog.initial(0), parse(''))).toMatchObject({ from: 0, to: 0, hasMore: false, total: 0 });
  });

  it('round a time between two ticks to the window it means', () => {
    const log = OrderLog.initial(12);
    expect(selectPage(log, parse('updated_since=2020-01-01T00:00:30Z'))).toMatchObject({ from: 4, to: 12 });
    expect(selectPage(log, parse('updated_until=2020-01-01T00:00:30Z'))).toMatchObject({ from: 0, to: 4 });
    expect(selectPage(log, parse('updated_since=2021-01-01&updated_until=2020-01-01'))).toMatchObject({ total: 0 });
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=ten',
    'page=0',
    'offset=-1',
    'page=1&offset=1',
    'updated_since=yesterday',
    'cursor=bm9uc2Vuc2U',
  ])('refuse %s with the parameter and what was expected', (query) => {
    expect(() => parse(query)).toThrow(BadParameter);
  });

  it('take a cursor only from the list it came from', () => {
    const cursor = encodeCursor('orders', { tick: 3, id: 4 });
    expect(decodeCursor('orders', cursor)).toEqual({ tick: 3, id: 4 });
    expect(() => decodeCursor('events', cursor)).toThrow(BadParameter);
  });
});

describe('the page store', () => {
  it('serves the same bytes with room for everything, for little and for nothing', async () => {
    const log = OrderLog.initial(5_000).touch(1_990, 2_010, 1).append(10);
    const bytes: string[][] = [];
    for (const cacheBytes of [0, 1_000_000, 1e9]) {
      const store = new PageStore({ sizes, marker: 'm', cacheBytes });
      await store.prerender('orders', log);
      const page = (i: number) => store.rows('orders', log, i * 900, Math.min(log.total, i * 900 + 900));
      bytes.push([0, 1, 2, 3, 4, 5].map((i) => Buffer.concat(page(i)).toString()));
    }
    expect(bytes[1]).toEqual(bytes[0]);
    expect(bytes[2]).toEqual(bytes[0]);
    expect((JSON.parse(`[${bytes[0]?.join(',')}]`) as unknown[]).length).toBe(5_010);
  });
});
