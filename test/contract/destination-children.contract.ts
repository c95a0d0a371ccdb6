import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { parseJson } from '../../libs/json/index.js';
import { given, page, slice, TestStream, wholeRun } from './destination-world.js';
import type { VerifyWorld } from './destination-verify.contract.js';
import { evolvingRun } from './evolving-run.js';

/** Of destinations whose lists become tables of their own. `formats`: of pages; `takesNul`: a text may have a NUL. */
export function childrenContract(
  makeWorld: () => Promise<VerifyWorld>,
  { formats, takesNul }: { formats: readonly (typeof given.format)[]; takesNul: boolean },
): void {
  let world: VerifyWorld;
  let destination: Destination;
  beforeAll(async () => {
    world = await makeWorld();
    destination = world.connect();
  });
  afterAll(async () => {
    await destination?.close();
    await world?.close();
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

  /** Rows of a child table by parent and position, without what names the parent's row where that is an id. Numbers may be texts that say the same. */
  async function children(stream: TestStream, field: string): Promise<SourceRecord[]> {
    const { table, mode } = stream.target;
    const rows = (await world.rows(`${table}__${field}`)).map((row) =>
      'price' in row && row.price !== null ? { ...row, price: Number(row.price) } : row,
    );
    const place = (row: SourceRecord): number[] => [
      Number(row['_sluice_parent_id']),
      Number(row['at'] ?? 0),
      Number(row['_sluice_position']),
    ];
    const inOrder = (a: SourceRecord, b: SourceRecord): number =>
      place(a)
        .map((n, i) => n - (place(b)[i] ?? 0))
        .find((n) => n !== 0) ?? 0;
    if (mode === 'incremental_upsert') return rows.sort(inOrder);
    const parents = new Map((await world.rows(table)).map((row) => [row['_sluice_row'], row]));
    return rows
      .flatMap(({ _sluice_parent, ...row }) => {
        const parent = parents.get(_sluice_parent);
        return parent === undefined ? [] : [{ ...row, _sluice_parent_id: parent.id, at: parent.at }];
      })
      .sort(inOrder)
      .map(({ at: _, ...row }) => row as SourceRecord);
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
      test.each(formats)('elements become rows of typed columns beside their parent (%s)', async (format) => {
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

      test('a column that is widened has what the lists say, also in rows that were there', async () => {
        const said = {
          n: { type: 'integer' },
          moment: { type: 'string', format: 'date-time' },
          bytes: { type: 'string', contentEncoding: 'base64' },
          day: { type: 'string', format: 'date' },
          more: { type: 'integer' },
        };
        const properties = { ...jsonSchema.properties, items: { type: 'array', items: { type: 'object', properties: said } } };
        const contract = { typeConflicts: 'evolve' } as const;
        const stream = family({ mode, childTables: ['items'], jsonSchema: { properties }, contract });
        // Each means the same as what such a column makes of it, and is written otherwise.
        const first = { n: '+5', moment: '2026-01-01T10:00:00+02:00', bytes: '1e3', day: '2026-01-01', more: '+7' };
        const other = { n: 'five', moment: 'noon', bytes: '.', day: {}, more: 1.5 };
        const { ref } = await evolvingRun(destination, stream, [
          [order(1, 1, [{ n: 1 }, first, null]), order(2, 1, [first])],
          [order(3, 2, [])],
          [order(4, 3, [other])],
          [order(5, 4, [])],
        ]);
        expect(await verified(ref, stream)).toEqual([]);
        const rows = (await children(stream, 'items')).map((row) => [
          ...[row._sluice_parent_id, row._sluice_position, row.n, row.moment, row.bytes, row.day],
          row.more === null ? null : Number(row.more),
        ]);
        const [a, b] = [first, other].map(({ n, moment, bytes, day, more }) => [n, moment, bytes, day, Number(more)]);
        const empty = [null, null, null, null];
        expect(rows).toEqual([
          [1, 0, '1', ...empty],
          [1, 1, ...(a ?? [])],
          [1, 2, null, ...empty],
          [2, 0, ...(a ?? [])],
          [4, 0, ...(b ?? [])],
        ]);
        // And where the schema of a next run says so.
        const wider = { ...said, more: { type: 'string' } };
        const next = { ...properties, items: { type: 'array', items: { type: 'object', properties: wider } } };
        Object.assign(stream.target, { jsonSchema: { properties: next } });
        expect(await verified(await wholeRun(destination, stream, []), stream)).toEqual([]);
      });

      test('a value that does not fit an element’s column is subject to the contract', async () => {
        const kept = family({ mode });
        const { ref } = await evolvingRun(destination, kept, [
          [
            order(1, 1, [{ sku: 'a', qty: 'many' }]),
            order(2, 2, 'none'),
            order(3, 3, [{ sku: 'a\0' }]),
            order(4, 4, [{ qty: 1 }]),
          ],
        ]);
        const quarantined = takesNul ? 2 : 3;
        expect(await destination.inspect({ ref })).toMatchObject({ read: 4, inserted: 4 - quarantined, quarantined });
        const rows = await world.run(`SELECT reason, field FROM sluice.quarantine WHERE run_id = '${ref.runId}' ORDER BY id`);
        expect(rows).toEqual([
          { reason: 'type_conflict', field: 'items.qty' },
          { reason: 'type_conflict', field: 'items' },
          ...(takesNul ? [] : [{ reason: 'nul_character', field: 'items' }]),
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
    const table = `public."${stream.target.table}__items"`;
    const right = await children(stream, 'items');
    await world.run(`DELETE FROM ${table} WHERE sku = 'a'`);
    await world.run(`UPDATE ${table} SET sku = 'x' WHERE sku = 'b'`);
    await world.run(`INSERT INTO ${table} (_sluice_parent_id, _sluice_position, sku) VALUES (1, 3, 'y'), (2, 0, 'z')`);
    const ref = stream.nextRun();
    const { target } = stream;
    expect(await verified(ref, stream)).toMatchObject([
      { kind: 'children', detail: expect.stringContaining('1 rows are missing, 2 too many, 1 differ') as unknown },
    ]);
    const copy = await destination.verifier?.copy({ key: ref, target });
    if (copy === undefined) throw new Error('the destination verifies');
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

  test('children of a parent that did not change, or that is newer than its record, are not written; shorter lists lose their last rows', async () => {
    const stream = family({ mode: 'incremental_upsert', metadata: ['run'] });
    const first = await wholeRun(destination, stream, [
      order(1, 5, [{ sku: 'a' }, { sku: 'b' }]),
      order(2, 5, [{ sku: 'c' }]),
      order(3, 5, [{ sku: 'd' }, { sku: 'e' }]),
    ]);
    const ref = await wholeRun(destination, stream, [
      order(1, 5, [{ sku: 'a' }, { sku: 'b' }]),
      order(2, 4, [{ sku: 'old' }, { sku: 'older' }]),
      order(3, 6, [{ sku: 'd' }]),
      order(3, 5, [{ sku: 'earlier' }]),
    ]);
    expect(await destination.inspect({ ref })).toMatchObject({ unchanged: 1, superseded: 1, updated: 1, deduplicated: 1 });
    const seen = (await children(stream, 'items')).map((row) => [row.sku, row._sluice_run]);
    expect(seen).toEqual(['a', 'b', 'c', 'd'].map((sku) => [sku, first.runId]));
  });

  test('numbers of elements keep every digit', async () => {
    const item = { type: 'object', properties: { n: { type: 'number' }, more: { type: 'object' } } };
    for (const mode of ['incremental_append', 'incremental_upsert', 'full_refresh_overwrite'] as const) {
      const properties = { id: { type: 'integer' }, at: { type: 'integer' }, items: { type: 'array', items: item } };
      const stream = family({ mode, childTables: ['items'], jsonSchema: { properties } });
      const digits = '0.12345678901234567891';
      const ref = await wholeRun(destination, stream, [
        parseJson(`{"id": 1, "at": 1, "items": [{"n": ${digits}, "more": {"n": ${digits}}}]}`) as SourceRecord,
      ]);
      const [row] = await world.run(
        `SELECT CAST(n AS text) AS n, CAST(more AS text) AS more FROM public."${stream.target.table}__items"`,
      );
      expect(row).toMatchObject({ n: digits, more: expect.stringContaining(digits) as unknown });
      expect(await verified(ref, stream)).toEqual([]);
    }
  });
}
