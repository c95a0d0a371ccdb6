import { describe, expect, it } from '@jest/globals';
import { ENTITIES, DEFAULT_SIZES, tickOf } from './entities.js';
import { appended, expectedCount, expectedRow, expectedRows, initialState, row, touched } from './generator.js';

const sizes = { ...DEFAULT_SIZES, customers: 50, orders: 200, order_items: 400, products: 20, events: 300 };

describe('the generator', () => {
  it.each(ENTITIES)('makes the same %s in every call, with ids from 1', (entity) => {
    const state = initialState(sizes);
    const once = [...expectedRows(entity, state)];
    expect(once).toEqual([...expectedRows(entity, state)]);
    expect(once.map(({ id }) => id)).toEqual(Array.from({ length: sizes[entity] }, (_, i) => i + 1));
    expect(expectedCount(entity, state)).toBe(sizes[entity]);
  });

  it('keeps its records as they are: a change here would break what others compare with', () => {
    expect(row('events', 42)).toMatchInlineSnapshot(`
     {
       "active": false,
       "address": {
         "city": "Nairobi",
         "geo": {
           "lat": 76.88,
           "lon": 95.84,
         },
         "postcode": "68688",
         "street": "129 Canal St",
       },
       "amount": 971.27,
       "created_at": "2019-12-31T07:50:31.312Z",
       "email": "customer.689@example.com",
       "id": 42,
       "reference": "12f3d130-8d8ca080",
       "revision": 0,
       "tags": [
         "b2b",
         "wholesale",
       ],
       "type": "page.viewed 100 % {{ not a template }}; -- DROP",
       "updated_at": "2020-01-01T00:10:00Z",
       "verified": true,
     }
    `);
  });

  it.each(ENTITIES)('orders %s by updated_at with several rows at the same moment', (entity) => {
    const times = [...expectedRows(entity, initialState(sizes))].map((record) => record.updated_at);
    expect(times).toEqual([...times].sort());
    expect(new Set(times).size).toBe(Math.ceil(times.length / 4));
    expect(times[0]).toBe('2020-01-01T00:00:00Z');
  });

  it.each(ENTITIES)('puts the marker into every record of %s, and nowhere without one', (entity) => {
    const all = (marker: string): string[] =>
      [...expectedRows(entity, initialState(sizes, marker))].map((r) => JSON.stringify(r));
    expect(all('unmistakable-7').every((text) => text.split('unmistakable-7').length === 2)).toBe(true);
    expect(all('').some((text) => text.includes('unmistakable-7'))).toBe(false);
  });

  it('refers only to parents that exist', () => {
    const state = initialState(sizes);
    for (const order of expectedRows('orders', state)) expect(expectedRow('customers', order.customer_id, state)).toBeDefined();
    for (const item of expectedRows('order_items', state)) {
      expect(expectedRow('orders', item.order_id, state)).toBeDefined();
      expect(expectedRow('products', item.product_id, state)).toBeDefined();
    }
  });

  it('covers the texts that break naive loaders', () => {
    const all = JSON.stringify([...expectedRows('orders', initialState(sizes))].map(({ note }) => note));
    for (const text of ['\\t', '\\n', '\\r', '\\"', '\\\\N', '\\\\.', '日本', '👩‍💻', 'null', '""']) expect(all).toContain(text);
  });
});

describe('a changed state', () => {
  it('has touched rows last, with the new revision and a later updated_at, and every id once', () => {
    const before = initialState(sizes);
    const after = touched(touched(before, { entity: 'orders', from: 50, to: 60, revision: 1 }), {
      entity: 'orders',
      from: 58,
      to: 70,
      revision: 2,
    });
    const rows = [...expectedRows('orders', after)];
    expect(rows.map(({ id }) => id).sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(rows.slice(-21).map(({ id, revision }) => [id, revision])).toEqual([
      ...Array.from({ length: 8 }, (_, i) => [50 + i, 1]),
      ...Array.from({ length: 13 }, (_, i) => [58 + i, 2]),
    ]);
    const times = rows.map((r) => r.updated_at);
    expect(times).toEqual([...times].sort());
    expect(expectedRow('orders', 58, after)).not.toEqual(expectedRow('orders', 58, before));
    expect(expectedRow('orders', 58, after)?.created_at).toBe(expectedRow('orders', 58, before)?.created_at);
    expect(expectedRow('orders', 57, after)?.revision).toBe(1);
    expect(expectedRow('orders', 71, after)).toEqual(expectedRow('orders', 71, before));
  });

  it('has appended rows after everything else', () => {
    const after = appended(initialState(sizes), { entity: 'events', count: 3 });
    expect([...expectedRows('events', after)].slice(-4).map(({ id, updated_at }) => [id, updated_at])).toEqual([
      [300, '2020-01-01T01:14:00Z'],
      [301, '2020-01-01T01:15:00Z'],
      [302, '2020-01-01T01:15:00Z'],
      [303, '2020-01-01T01:15:00Z'],
    ]);
    expect(expectedRow('events', 304, after)).toBeUndefined();
    expect(tickOf({ first: 301, last: 303, revision: 0, tick: 75 }, 303)).toBe(75);
  });
});
