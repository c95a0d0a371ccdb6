import { expect, test } from '@jest/globals';
import type { StreamDescriptor } from '../../../libs/contracts/stream.js';
import type { SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import { WRITE_MODES } from '../../../libs/contracts/write-mode.js';
import type { SluiceError } from '../../../libs/errors/index.js';
import { assertResets } from './sync-changes.policy.js';
import { assertStreams } from './sync-streams.policy.js';

const deletes = (change: Partial<NonNullable<SyncStream['deletes']>>) => ({
  ...{ when: { field: 'total' }, as: 'soft' as const, allow_empty: false },
  ...change,
});
const destination = {
  delivery: Object.fromEntries(WRITE_MODES.map((mode) => [mode, 'exactly_once' as const])),
  deletes: true,
  changes: true,
  childTables: true,
  digests: true,
  rows: null,
};
const stream = (change: Partial<StreamDescriptor>): StreamDescriptor => ({
  name: 'orders',
  jsonSchema: { properties: { id: {}, updated_at: {}, total: {} } },
  primaryKey: ['id'],
  cursorField: 'updated_at',
  cursorOrder: 'text',
  resume: 'exact',
  modes: WRITE_MODES,
  warnings: [],
  unavailable: null,
  ...change,
});
const catalog = {
  streams: [
    stream({}),
    stream({ name: 'keyless', primaryKey: [], modes: ['full_refresh_overwrite', 'incremental_append'] }),
    stream({ name: 'plain', primaryKey: [], cursorField: null, modes: ['full_refresh_overwrite'] }),
    stream({ name: 'broken', unavailable: 'needs a component that is missing' }),
    stream({ name: 'odd name' }),
  ],
};
const thrown = (work: () => void): SluiceError => {
  try {
    work();
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('was accepted');
};
const check = (...streams: SyncStream[]) => assertStreams({ spec: { namespace: 'public', streams }, catalog, destination });

test('what fits is accepted', () => {
  check(
    { name: 'orders', mode: 'incremental_upsert' },
    { name: 'plain', mode: 'full_refresh_overwrite' },
    { name: 'odd name', mode: 'incremental_append', table: 'odd' },
  );
  check({
    name: 'orders',
    mode: 'incremental_upsert',
    primary_key: ['id', 'total'],
    cursor_field: 'updated_at',
    fields: ['id', 'total', 'updated_at'],
  });
});

test.each<[string, string, SyncStream[]]>([
  [
    'UNKNOWN_STREAM',
    '/streams/1/name',
    [
      { name: 'orders', mode: 'incremental_append' },
      { name: 'ordres', mode: 'incremental_append' },
    ],
  ],
  ['STREAM_UNAVAILABLE', '/streams/0/name', [{ name: 'broken', mode: 'incremental_append' }]],
  ['CURSOR_MISSING', '/streams/0/mode', [{ name: 'plain', mode: 'incremental_append' }]],
  ['PRIMARY_KEY_MISSING', '/streams/0/primary_key', [{ name: 'plain', mode: 'incremental_upsert' }]],
  [
    'PRIMARY_KEY_MISSING',
    '/streams/0/primary_key/1',
    [{ name: 'orders', mode: 'incremental_upsert', primary_key: ['id', 'nope'] }],
  ],
  ['CURSOR_MISSING', '/streams/0/cursor_field', [{ name: 'orders', mode: 'incremental_append', cursor_field: 'nope' }]],
  ['CURSOR_MISSING', '/streams/0/cursor_field', [{ name: 'orders', mode: 'incremental_append', cursor_field: 'total' }]],
  ['VALIDATION_FAILED', '/streams/0/fields/0', [{ name: 'orders', mode: 'full_refresh_overwrite', fields: ['nope'] }]],
  ['VALIDATION_FAILED', '/streams/0/fields', [{ name: 'orders', mode: 'incremental_upsert', fields: ['id'] }]],
  ['CURSOR_MISSING', '/streams/0/mode', [{ name: 'plain', mode: 'scd2', primary_key: ['id'] }]],
  ['PRIMARY_KEY_MISSING', '/streams/0/primary_key', [{ name: 'keyless', mode: 'scd2' }]],
  ['VALIDATION_FAILED', '/streams/0/deletes', [{ name: 'orders', mode: 'incremental_append', deletes: deletes({}) }]],
  [
    'VALIDATION_FAILED',
    '/streams/0/deletes/when/field',
    [{ name: 'orders', mode: 'incremental_upsert', deletes: deletes({ when: { field: 'nope' } }) }],
  ],
  [
    'VALIDATION_FAILED',
    '/streams/0/fields',
    [{ name: 'orders', mode: 'incremental_upsert', fields: ['id', 'updated_at'], deletes: deletes({}) }],
  ],
  ['VALIDATION_FAILED', '/streams/0/deletes/as', [{ name: 'orders', mode: 'scd2', deletes: deletes({ as: 'hard' }) }]],
  ['VALIDATION_FAILED', '/streams/0/deletes/missing', [{ name: 'orders', mode: 'scd2', deletes: deletes({ missing: 'soft' }) }]],
  [
    'VALIDATION_FAILED',
    '/streams/1/table',
    [
      { name: 'orders', mode: 'incremental_append' },
      { name: 'plain', mode: 'full_refresh_overwrite', table: 'orders' },
    ],
  ],
  [
    'VALIDATION_FAILED',
    '/streams/1/table',
    [
      { name: 'odd name', mode: 'full_refresh_overwrite' },
      { name: 'plain', mode: 'full_refresh_overwrite', table: 'odd_name' },
    ],
  ],
  [
    'VALIDATION_FAILED',
    '/streams/1/name',
    [
      { name: 'orders', mode: 'incremental_append' },
      { name: 'orders', mode: 'incremental_append', table: 'b' },
    ],
  ],
])('%s at %s', (code, path, streams) => {
  const error = thrown(() => check(...streams));
  expect(error.code).toBe(code);
  expect(error.errors.map((field) => field.path)).toEqual([path]);
});

test('deletes that the destination cannot follow are refused; what a whole read is upserted into needs no cursor', () => {
  const upsert = { name: 'orders', mode: 'incremental_upsert' as const, deletes: deletes({}) };
  const request = { spec: { namespace: 'public', streams: [upsert] }, catalog, destination: { ...destination, deletes: false } };
  expect(thrown(() => assertStreams(request))).toMatchObject({ errors: [{ path: '/streams/0/deletes' }] });
  const digests = { spec: { namespace: 'public', streams: [{ ...upsert, metadata: ['run' as const, 'digest' as const] }] } };
  expect(thrown(() => assertStreams({ ...request, ...digests, destination: { ...destination, digests: false } }))).toMatchObject({
    errors: [{ path: '/streams/0/metadata/1', found: 'digest', allowed: ['run', 'loaded_at', 'slice', 'change'] }],
  });
  check(upsert, {
    name: 'plain',
    mode: 'incremental_upsert',
    primary_key: ['id'],
    deletes: { as: 'soft', missing: 'hard', allow_empty: false },
  });
});

test('lists that cannot become tables are refused with the place', () => {
  const stream = { name: 'orders', mode: 'incremental_append' as const, child_tables: ['lines', 'id'] };
  const open = catalog.streams.map((one) => ({
    ...one,
    jsonSchema: { properties: { ...one.jsonSchema.properties, lines: { type: 'array' } } },
  }));
  const refused = (change: Partial<SyncStream>, able = true) =>
    thrown(() =>
      assertStreams({
        spec: { namespace: 'public', streams: [{ ...stream, ...change }] },
        catalog: { ...catalog, streams: open },
        destination: { ...destination, childTables: able },
      }),
    ).errors.map(({ path }) => path);
  expect(refused({})).toEqual(['/streams/0/child_tables/1']);
  expect(refused({ child_tables: ['lines'] }, false)).toEqual(['/streams/0/child_tables']);
  expect(refused({ child_tables: ['lines'], nested: 'flatten' })).toEqual(['/streams/0/child_tables']);
  expect(refused({ child_tables: ['lines'], mode: 'scd2' })).toEqual(['/streams/0/child_tables']);
  expect(refused({ child_tables: ['lines', 'none'] })).toEqual(['/streams/0/child_tables/1']);
});

test('a mode that the destination lacks is refused with those it has', () => {
  const spec = { namespace: 'public', streams: [{ name: 'orders', mode: 'incremental_append' as const }] };
  const error = thrown(() =>
    assertStreams({
      spec,
      catalog,
      destination: {
        delivery: { full_refresh_overwrite: 'exactly_once' as const },
        deletes: false,
        digests: false,
        childTables: false,
        rows: null,
      },
    }),
  );
  expect(error).toMatchObject({ code: 'UNSUPPORTED_MODE', errors: [{ allowed: ['full_refresh_overwrite'] }] });
});

const spec = (change: Partial<SyncStream>, namespace = 'public') => ({
  namespace,
  streams: [{ name: 'orders', mode: 'incremental_append' as const, ...change }],
});

test.each<[string, ReturnType<typeof spec>]>([
  ['/streams/0/mode', spec({ mode: 'incremental_upsert' })],
  ['/streams/0/table', spec({ table: 'other' })],
  ['/streams/0/table', spec({}, 'other')],
  ['/streams/0/primary_key', spec({ primary_key: ['total'] })],
  ['/streams/0/deletes', spec({ deletes: deletes({}) })],
  ['/streams/0/metadata', spec({ metadata: ['run', 'digest'] })],
  ['/streams/0/child_tables', spec({ child_tables: ['total'] })],
])('a change of %s needs a reset, and is accepted with one', (path, next) => {
  const error = thrown(() => assertResets({ next, earlier: [spec({})], catalog, reset: [] }));
  expect(error).toMatchObject({ code: 'RESET_REQUIRED', errors: [{ path }] });
  assertResets({ next, earlier: [spec({})], catalog, reset: ['orders'] });
});

test('naming the default, other fields and a new stream need none; a stream that comes back is compared with its last version', () => {
  assertResets({
    next: spec({ primary_key: ['id'], cursor_field: 'updated_at', fields: ['id', 'updated_at'], metadata: ['run'] }),
    earlier: [spec({})],
    catalog,
    reset: [],
  });
  const without = { namespace: 'public', streams: [{ name: 'plain', mode: 'full_refresh_overwrite' as const }] };
  assertResets({ next: spec({}), earlier: [without], catalog, reset: [] });
  expect(thrown(() => assertResets({ next: spec({ table: 'b' }), earlier: [without, spec({})], catalog, reset: [] })).code).toBe(
    'RESET_REQUIRED',
  );
  expect(thrown(() => assertResets({ next: spec({}), earlier: [], catalog, reset: ['nope'] })).errors[0]?.path).toBe('/reset/0');
});
