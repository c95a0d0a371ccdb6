import { expect, test } from '@jest/globals';
import type { StreamDescriptor } from '../../../libs/contracts/stream.js';
import { streamChanges } from './stream-changes.policy.js';

const orders: StreamDescriptor = {
  ...{ name: 'orders', primaryKey: ['id'], cursorField: 'updated_at', cursorOrder: 'text', resume: 'exact' },
  jsonSchema: { properties: { id: { type: 'integer' }, total: { type: ['null', 'number'] } } },
  ...{ modes: ['full_refresh_overwrite', 'incremental_upsert'], warnings: [], unavailable: null },
};
const changes = (next: Partial<StreamDescriptor> | null, streams = ['orders']) =>
  streamChanges({
    streams,
    before: { streams: [orders] },
    after: { streams: next === null ? [] : [{ ...orders, ...next }] },
  });

test('a version that changes nothing for a sync says nothing', () => {
  expect(changes({})).toEqual([]);
  expect(changes(null, ['generated'])).toEqual([]);
});

test('streams that go, or that need code which is not here, are named', () => {
  expect(changes(null)).toEqual([{ stream: 'orders', change: 'removed', before: 'orders', after: null, reset_needed: false }]);
  expect(changes({ unavailable: 'needs code' })[0]).toMatchObject({ change: 'unavailable', after: 'needs code' });
});

test('key, cursor, modes, resuming and schema are told before and after, with what has to be loaded anew', () => {
  const found = changes({
    ...{ primaryKey: ['id', 'shop'], cursorField: null, modes: ['full_refresh_overwrite'], resume: 'within_slice' },
    jsonSchema: { properties: { id: { type: 'string' }, total: { type: ['null', 'number'] }, note: { type: 'string' } } },
  });
  expect(found.map(({ change, before, after, reset_needed }) => [change, before, after, reset_needed])).toEqual([
    ['primary_key', 'id', 'id, shop', true],
    ['cursor_field', 'updated_at', '', true],
    ['modes', 'full_refresh_overwrite, incremental_upsert', 'full_refresh_overwrite', false],
    ['resume', 'exact', 'within_slice', false],
    ['schema', 'id: integer', 'id: string, note: string', false],
  ]);
});
