import { expect, it } from '@jest/globals';
import { tableName } from './table-name.js';

const LONG = 'a long name of a stream '.repeat(8);

it.each([
  ['tickets', 'tickets'],
  ['SalesOrders', 'SalesOrders'],
  ['Weird-Table', 'weird_table'],
  ['sales.orders', 'sales_orders'],
  ['2024 Zürich Aufträge', '_2024_zurich_auftrage'],
  ['---', '_'],
])('%s is loaded into %s', (name, table) => {
  expect(tableName({ name })).toBe(table);
});

it('takes the name that the sync says', () => {
  expect(tableName({ name: 'Weird-Table', table: 'weird' })).toBe('weird');
});

it('cuts a long name so that two of them stay two', () => {
  const [one, other] = [tableName({ name: `${LONG}1` }), tableName({ name: `${LONG}2` })];
  expect(one).toMatch(/^a_long_name_of_a_stream_[a-z_]{30}_[0-9a-f]{8}$/);
  expect(other).not.toBe(one);
});
