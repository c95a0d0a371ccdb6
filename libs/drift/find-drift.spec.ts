import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../contracts/json.js';
import { Decimal } from '../json/index.js';
import { findDrift } from './find-drift.js';

const schema = {
  type: 'object',
  additionalProperties: true,
  required: ['id'],
  properties: {
    id: { type: 'integer' },
    total: { type: ['null', 'number'] },
    status: { type: 'string', enum: ['open', 'paid'] },
    address: { type: 'object', properties: { city: { type: 'string' } } },
    lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } } } },
    tags: { type: 'object', properties: { a: {} }, additionalProperties: { type: 'string' } },
    free: { type: 'object' },
    any: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
    other: { $ref: '#/definitions/other' },
  },
} as unknown as JsonObject;
const good = { id: 1, total: 2.5, status: 'open', address: { city: 'Rome' }, lines: [{ sku: 'cup' }], any: 3 };
const drifts = (...records: unknown[]) =>
  findDrift(schema, records).drifts.map(({ drift: { change, pointer, found }, records: n }) => [change, pointer, found, n]);

describe('what does not fit a schema', () => {
  it('is nothing of records that do, of nulls, of maps, and of what is not declared in detail', () => {
    expect(drifts(good, { id: 2n, total: null, status: null, tags: { b: 'x' }, free: { x: 1 }, other: [1] })).toEqual([]);
    expect(drifts({ id: 1, total: new Decimal('1.00000000000000000001') })).toEqual([]);
    expect(findDrift({ type: 'object' }, [{ a: 1 }]).drifts).toEqual([]);
  });

  it('is found with the place, the kind, and how many records have it', () => {
    expect(
      drifts(
        { ...good, colour: 'red', id: '1' },
        { ...good, colour: 'blue', address: { city: 'Rome', zip: '1' }, lines: [{ sku: 1 }, { sku: 2 }] },
        { total: 1, any: true },
      ),
    ).toEqual([
      ['changed_type', '/id', 'string', 1],
      ['new_field', '/colour', null, 2],
      ['new_field', '/address/zip', null, 1],
      ['changed_type', '/lines/*/sku', 'integer', 1],
      ['missing_field', '/id', null, 1],
      ['changed_type', '/any', 'boolean', 1],
    ]);
  });

  it('shows the word of a new enum value, and no value that could be anything else', () => {
    expect(drifts({ ...good, status: 'refunded' })).toEqual([['new_enum_value', '/status', 'refunded', 1]]);
    for (const status of [
      'ann@example.com',
      'to Ann',
      '4111111111111111',
      'x'.repeat(60),
      'a0b1c2d3-0000-4000-8000-000000000000',
    ])
      expect(drifts({ ...good, status })).toEqual([['new_enum_value', '/status', null, 1]]);
  });

  it('shows no name that looks like data', () => {
    const address = { city: 'Rome', 'ann@example.com': 1, '4711': 2, 'a0b1c2d3-0000-4000-8000-000000000000': 3, größe: 4 };
    expect(drifts({ ...good, address })).toEqual([
      ['new_field', '/address/*', null, 1],
      ['new_field', '/address/größe', null, 1],
    ]);
  });

  it('tells which declared fields are always and never there', () => {
    const sample = findDrift(schema, [good, { id: 2, any: 'x' }]);
    expect({ always: sample.always, never: sample.never }).toEqual({ always: ['id', 'any'], never: ['tags', 'free', 'other'] });
  });
});
