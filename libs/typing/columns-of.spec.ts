import { describe, expect, test } from '@jest/globals';
import { columnsOf as columnsOfTarget, columnType, type Column } from './index.js';

const rules = {
  names: { maxBytes: 63, forbidden: /\0/g, reserved: new Set(['ctid']), caseSensitive: true },
  maxColumns: 1_600,
};
const columnsOf = (target: Parameters<typeof columnsOfTarget>[0], known?: readonly Column[]) =>
  columnsOfTarget(target, { rules, ...(known === undefined ? {} : { known }) });

describe('columnType', () => {
  test.each([
    [{ type: 'integer' }, 'bigint'],
    [{ type: ['null', 'integer'] }, 'bigint'],
    [{ type: 'integer', airbyte_type: 'big_integer' }, 'numeric'],
    [{ type: 'number' }, 'numeric'],
    [{ type: 'number', airbyte_type: 'integer' }, 'bigint'],
    [{ type: ['integer', 'number', 'null'] }, 'numeric'],
    [{ type: 'boolean' }, 'boolean'],
    [{ type: 'string' }, 'text'],
    [{ type: 'string', format: 'date' }, 'date'],
    [{ type: 'string', format: 'time' }, 'timetz'],
    [{ type: 'string', format: 'time', airbyte_type: 'time_without_timezone' }, 'time'],
    [{ type: ['null', 'string'], format: 'uuid' }, 'uuid'],
    [{ type: 'string', contentEncoding: 'base64' }, 'bytea'],
    [{ type: 'string', format: 'email' }, 'text'],
    [{ type: ['string', 'null'], format: 'date-time' }, 'timestamptz'],
    [{ type: 'string', format: 'date-time', airbyte_type: 'timestamp_with_timezone' }, 'timestamptz'],
    [{ type: 'string', format: 'date-time', airbyte_type: 'timestamp_without_timezone' }, 'timestamp'],
    [{ type: 'object' }, 'jsonb'],
    [{ type: 'array', items: { type: 'string' } }, 'jsonb'],
    [{ type: ['string', 'integer'] }, 'jsonb'],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'bigint'],
    [{ oneOf: [{ type: 'string' }, { type: 'integer' }] }, 'jsonb'],
    [{ type: 'null' }, 'jsonb'],
    [{}, 'jsonb'],
  ])('%j is %s', (schema, type) => {
    expect(columnType(schema)).toBe(type);
  });
});

describe('columnsOf', () => {
  const base = {
    jsonSchema: { properties: { a: { type: 'integer' }, b: { type: 'string' } } },
    mode: 'incremental_upsert' as const,
    primaryKey: ['a'],
    cursorField: null,
  };

  test('takes the named fields in their order; a field that the schema does not know is jsonb', () => {
    expect(columnsOf({ ...base, fields: ['c', 'a', 'a'] })).toEqual([
      { name: 'c', path: ['c'], type: 'jsonb' },
      { name: 'a', path: ['a'], type: 'bigint' },
    ]);
  });

  test('takes every property when no field is named', () => {
    expect(columnsOf(base).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test.each([
    ['a key that is not loaded', { fields: ['b'] }, 'PRIMARY_KEY_MISSING'],
    ['an upsert without a key', { primaryKey: [] }, 'PRIMARY_KEY_MISSING'],
    ['a cursor that is not loaded', { fields: ['a'], cursorField: 'b' }, 'CURSOR_MISSING'],
    [
      'no fields at all where none may come',
      { jsonSchema: {}, contract: { newFields: 'freeze' as const } },
      'DESTINATION_UNSUPPORTED',
    ],
    [
      'more fields than a table can have',
      { fields: Array.from({ length: 2_000 }, (_, n) => `f${n}`) },
      'DESTINATION_UNSUPPORTED',
    ],
  ])('refuses %s', (_, change, code) => {
    expect(() => columnsOf({ ...base, ...change })).toThrow(expect.objectContaining({ code }));
  });
});

test('a field keeps the name that it was given, whatever comes beside it', () => {
  const target = { jsonSchema: {}, mode: 'incremental_append' as const, primaryKey: [], cursorField: null };
  const long = 'x'.repeat(200);
  const first = columnsOf({ ...target, fields: ['a', long] });
  expect(first[1]?.name).toMatch(/^x{54}_[0-9a-f]{8}$/);
  const known: Column[] = [{ name: 'b', path: ['a'], type: 'text' }, ...first.slice(1)];
  const later = columnsOf({ ...target, fields: ['b', 'a', long] }, known);
  expect(later.map(({ name }) => name)).toEqual([expect.stringMatching(/^b_[0-9a-f]{8}$/), 'b', first[1]?.name]);
});
