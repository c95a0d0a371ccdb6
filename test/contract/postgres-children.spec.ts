import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { given, page, slice, TestStream, wholeRun } from './destination-world.js';
import { evolvingRun } from './evolving-run.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
  destination = world.connect();
});
afterAll(async () => {
  await destination.close();
  await world.close();
});

const jsonSchema = {
  properties: {
    id: { type: 'integer' },
    at: { type: 'integer' },
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: { sku: { type: 'string' }, qty: { type: 'integer' }, due: { type: 'string', format: 'date' } },
      },
    },
    tags: { type: ['null', 'array'] },
  },
};

const family = (change: Partial<StreamTarget> & Pick<StreamTarget, 'mode'>): TestStream =>
  new TestStream({ jsonSchema, cursorField: 'at', cursorOrder: 'number', childTables: ['items', 'tags'], ...change });

/** Rows of a child table by parent and position, as JSON, without what names the parent's row where that is an id. */
async function children(stream: TestStream, field: string): Promise<SourceRecord[]> {
  const table = stream.target.table;
  const { rows } = await world.sql.query<{ row: SourceRecord }>(
    stream.target.mode === 'incremental_upsert'
      ? `SELECT to_jsonb(c) AS row FROM "${table}__${field}" c ORDER BY _sluice_parent_id, _sluice_position`
      : `SELECT jsonb_build_object('_sluice_parent_id', t.id) || to_jsonb(c) - '_sluice_parent' AS row FROM "${table}__${field}" c
         JOIN "${table}" t ON t._sluice_row = c._sluice_parent ORDER BY t.id, t.at, _sluice_position`,
  );
  return rows.map(({ row }) => row);
}

/** What a verification finds of one run's stream. */
async function verified(ref: StreamRef, { target }: TestStream): Promise<unknown> {
  const seen = await destination.verifier?.inspect({ key: ref, target, active: false, copied: false, limit: 10 });
  return seen?.findings;
}

const order = (id: number, at: number, items: unknown, tags: unknown = null): SourceRecord => ({ id, at, items, tags });

describe.each(['incremental_append', 'incremental_upsert', 'full_refresh_overwrite', 'full_refresh_append'] as const)(
  '%s',
  (mode) => {
    test.each(['records', 'json'] as const)('elements become rows of typed columns beside their parent (%s)', async (format) => {
      given.format = format;
      const stream = family({ mode, metadata: ['run', 'change'] });
      const { ref } = await evolvingRun(destination, stream, [
        [
          order(
            1,
            1,
            [
              { sku: 'a', qty: 2, due: '2026-01-01', more: { x: [1] } },
              { sku: 'b', qty: 10 },
            ],
            ['x', 'y'],
          ),
        ],
        [
          order(2, 2, [], []),
          order(3, 3, null),
          order(4, 4, [{ sku: 'c', qty: 1, price: 1.5 }, null], [1, [2], { value: 'z', n: 1 }]),
        ],
      ]).finally(() => (given.format = 'records'));
      expect(await destination.inspect({ ref })).toMatchObject({ read: 4, inserted: 4, quarantined: 0 });
      const said = { _sluice_run: ref.runId, _sluice_change: 'insert' };
      const none = { sku: null, qty: null, due: null, more: null, price: null, ...said };
      expect(await children(stream, 'items')).toEqual([
        { ...none, _sluice_parent_id: 1, _sluice_position: 0, sku: 'a', qty: 2, due: '2026-01-01', more: { x: [1] } },
        { ...none, _sluice_parent_id: 1, _sluice_position: 1, sku: 'b', qty: 10 },
        { ...none, _sluice_parent_id: 4, _sluice_position: 0, sku: 'c', qty: 1, price: 1.5 },
        { ...none, _sluice_parent_id: 4, _sluice_position: 1 },
      ]);
      expect(await children(stream, 'tags')).toMatchObject([
        { _sluice_parent_id: 1, _sluice_position: 0, value: 'x', n: null },
        { _sluice_parent_id: 1, _sluice_position: 1, value: 'y' },
        { _sluice_parent_id: 4, _sluice_position: 0, value: '1' },
        { _sluice_parent_id: 4, _sluice_position: 1, value: '[2]' },
        { _sluice_parent_id: 4, _sluice_position: 2, value: 'z', n: 1 },
      ]);
      expect(await verified(ref, stream)).toEqual([]);
    });

    test('a second run adds to the children, replaces them, or merges them, as it does with their parents', async () => {
      const stream = family({ mode });
      await wholeRun(destination, stream, [order(1, 1, [{ sku: 'a' }, { sku: 'b' }]), order(2, 1, [{ sku: 'c' }])]);
      const ref = await wholeRun(destination, stream, [order(1, 2, [{ sku: 'A' }]), order(3, 2, [{ sku: 'd' }])]);
      const skus = (await children(stream, 'items')).map((row) => `${String(row._sluice_parent_id)}${String(row.sku)}`).sort();
      expect(skus).toEqual(
        {
          incremental_append: ['1A', '1a', '1b', '2c', '3d'],
          full_refresh_append: ['1A', '1a', '1b', '2c', '3d'],
          incremental_upsert: ['1A', '2c', '3d'],
          full_refresh_overwrite: ['1A', '3d'],
        }[mode],
      );
      expect(await verified(ref, stream)).toEqual([]);
    });

    test('a value that does not fit an element’s column is subject to the contract', async () => {
      const kept = family({ mode });
      const { ref } = await evolvingRun(destination, kept, [
        [order(1, 1, [{ sku: 'a', qty: 'many' }]), order(2, 2, 'none'), order(3, 3, [{ sku: 'a\0' }]), order(4, 4, [{ qty: 1 }])],
      ]);
      expect(await destination.inspect({ ref })).toMatchObject({ read: 4, inserted: 1, quarantined: 3 });
      const { rows } = await world.sql.query(`SELECT reason, field FROM sluice.quarantine WHERE run_id = $1 ORDER BY id`, [
        ref.runId,
      ]);
      expect(rows).toEqual([
        { reason: 'type_conflict', field: 'items.qty' },
        { reason: 'type_conflict', field: 'items' },
        { reason: 'nul_character', field: 'items' },
      ]);
      const left = family({
        mode,
        childTables: ['items'],
        contract: { newFields: 'discard_value', typeConflicts: 'discard_value' },
      });
      const second = await evolvingRun(destination, left, [[order(1, 1, [{ sku: 'a', qty: 'many', more: 1 }, { qty: 3 }])]]);
      expect(await destination.inspect({ ref: second.ref })).toMatchObject({ inserted: 1, quarantined: 0, discarded: 2 });
      expect(await children(left, 'items')).toMatchObject([
        { sku: 'a', qty: null },
        { sku: null, qty: 3 },
      ]);
      expect(await verified(second.ref, left)).toEqual([]);
      const frozen = family({ mode, childTables: ['items'], contract: { newFields: 'freeze' } });
      await expect(evolvingRun(destination, frozen, [[order(1, 1, [{ more: 1 }])]])).rejects.toMatchObject({
        code: 'SCHEMA_FROZEN',
      });
    });
  },
);

test('children of a parent that did not change, or that is newer than its record, are not written; shorter lists lose their last rows', async () => {
  const stream = family({ mode: 'incremental_upsert' });
  await wholeRun(destination, stream, [
    order(1, 5, [{ sku: 'a' }, { sku: 'b' }]),
    order(2, 5, [{ sku: 'c' }]),
    order(3, 5, [{ sku: 'd' }, { sku: 'e' }]),
  ]);
  const versions = async () =>
    (await world.sql.query<{ sku: string }>(`SELECT sku, xmin::text FROM "${stream.target.table}__items" ORDER BY sku`)).rows;
  const before = await versions();
  const ref = await wholeRun(destination, stream, [
    order(1, 5, [{ sku: 'a' }, { sku: 'b' }]),
    order(2, 4, [{ sku: 'old' }, { sku: 'older' }]),
    order(3, 6, [{ sku: 'd' }]),
    order(3, 5, [{ sku: 'earlier' }]),
  ]);
  expect(await destination.inspect({ ref })).toMatchObject({ unchanged: 1, superseded: 1, updated: 1, deduplicated: 1 });
  expect(await versions()).toEqual(before.filter(({ sku }) => sku !== 'e'));
});

test.each(['tombstones', 'missing keys'] as const)('children go with a parent that is deleted: %s', async (by) => {
  const when = { field: 'gone' };
  const deletes = by === 'tombstones' ? { when, as: 'hard' as const } : { as: 'hard' as const, missing: 'hard' as const };
  const stream = family({ mode: 'incremental_upsert', deletes: { ...deletes, allowEmpty: false } });
  const open = { properties: { ...jsonSchema.properties, gone: { type: 'boolean' } } };
  Object.assign(stream.target, { jsonSchema: open });
  await wholeRun(destination, stream, [order(1, 1, [{ sku: 'a' }]), order(2, 1, [{ sku: 'b' }])]);
  const rest = by === 'tombstones' ? [{ ...order(1, 2, []), gone: true }] : [order(2, 2, [{ sku: 'b' }])];
  const ref = await wholeRun(destination, stream, rest);
  expect(await children(stream, 'items')).toMatchObject([{ _sluice_parent_id: 2, sku: 'b' }]);
  expect(await verified(ref, stream)).toEqual([]);
});

test('what was not committed leaves no children, and who reads on makes each once', async () => {
  const stream = family({ mode: 'incremental_append' });
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  const first = await destination.open({ ref, target, slice: slice(), fence: 1 });
  await first.write(page([order(1, 1, [{ sku: 'a' }])], { n: 1 }));
  await first.commit({ n: 1 });
  await first.write(page([order(2, 2, [{ sku: 'lost' }])], { n: 2 }));
  const second = await destination.open({ ref, target, slice: slice(), fence: 2 });
  expect(second.position).toEqual({ n: 1 });
  await expect(first.commit({ n: 2 })).rejects.toMatchObject({
    code: expect.stringMatching(/STALE_WRITER|DESTINATION_UNREACHABLE/) as unknown,
  });
  await first.close();
  await second.write(page([order(2, 2, [{ sku: 'b' }])], { n: 2 }));
  await second.complete({ n: 2 }, () => ({}));
  await second.close();
  await destination.finish({ ref, target });
  expect(await children(stream, 'items')).toMatchObject([{ sku: 'a' }, { sku: 'b' }]);
  expect(await verified(ref, stream)).toEqual([]);
});

test('a child table that is another stream’s is refused, and so is a mode whose lists cannot be tables', async () => {
  const stream = family({ mode: 'incremental_append' });
  await wholeRun(destination, stream, [order(1, 1, [])]);
  const other = family({ mode: 'incremental_append', table: `${stream.target.table}__items`, childTables: [] });
  await expect(wholeRun(destination, other, [order(1, 1, [])])).rejects.toMatchObject({ code: 'TABLE_OWNED' });
  for (const change of [
    { mode: 'incremental_append' as const, contract: { newFields: 'freeze' as const } },
    { mode: 'scd2' as const },
    { mode: 'incremental_append' as const, nested: 'flatten' as const },
  ])
    await expect(wholeRun(destination, family(change), [])).rejects.toMatchObject({ code: 'DESTINATION_UNSUPPORTED' });
});

test('a verification finds children that somebody changed, took or added, and a repair makes them what the lists say', async () => {
  const stream = family({ mode: 'incremental_upsert' });
  const records = [order(1, 1, [{ sku: 'a' }, { sku: 'b' }, { sku: 'c' }])];
  await wholeRun(destination, stream, records);
  const table = `"${stream.target.table}__items"`;
  const right = await children(stream, 'items');
  await world.sql.query(`DELETE FROM ${table} WHERE sku = 'a'; UPDATE ${table} SET sku = 'x' WHERE sku = 'b';
    INSERT INTO ${table} (_sluice_parent_id, _sluice_position, sku) VALUES (1, 3, 'y'), (2, 0, 'z')`);
  const ref = stream.nextRun();
  const { target } = stream;
  expect(await verified(ref, stream)).toMatchObject([
    { kind: 'children', detail: expect.stringContaining('1 rows are missing, 2 too many, 1 differ') as unknown },
  ]);
  const copy = await destination.verifier?.copy({ key: ref, target });
  if (copy === undefined) throw new Error('PostgreSQL verifies');
  try {
    await copy.write({ format: 'records', records, position: null, bytes: 0, requests: 1 });
    await copy.compare({ repairing: ref });
    await copy.repair();
  } finally {
    await copy.close();
  }
  expect(await children(stream, 'items')).toEqual(right);
  expect(await verified(ref, stream)).toEqual([]);
});
