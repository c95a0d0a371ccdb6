import { describe, expect, test } from '@jest/globals';
import { columnsOf, columnType } from './columns.js';

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
    [{ type: 'string', format: 'time' }, 'text'],
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
      { name: 'c', type: 'jsonb' },
      { name: 'a', type: 'bigint' },
    ]);
  });

  test('takes every property when no field is named', () => {
    expect(columnsOf(base).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test.each([
    ['a key that is not loaded', { fields: ['b'] }, 'PRIMARY_KEY_MISSING'],
    ['an upsert without a key', { primaryKey: [] }, 'PRIMARY_KEY_MISSING'],
    ['a cursor that is not loaded', { fields: ['a'], cursorField: 'b' }, 'CURSOR_MISSING'],
    ['no fields at all', { jsonSchema: {} }, 'DESTINATION_UNSUPPORTED'],
    ['an empty name', { fields: ['a', ''] }, 'DESTINATION_UNSUPPORTED'],
    ['a NUL in a name', { fields: ['a', 'x\0'] }, 'DESTINATION_UNSUPPORTED'],
    ['a name that PostgreSQL would cut', { fields: ['a', 'é'.repeat(32)] }, 'DESTINATION_UNSUPPORTED'],
    ['a name of PostgreSQL’s own', { fields: ['a', 'ctid'] }, 'DESTINATION_UNSUPPORTED'],
  ])('refuses %s', (_, change, code) => {
    expect(() => columnsOf({ ...base, ...change })).toThrow(expect.objectContaining({ code }));
  });
});
