import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Counts, StreamDeletes } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { play } from './destination-sequences.js';
import { byId, commitChunk, item, items, page, slice, TestStream, wholeRun, type DestinationSuite } from './destination-world.js';
import { DELETABLE_SCHEMA, steps, type ItemRecord } from './models/item-record.js';
import { UpsertModel, type Row } from './models/upsert-model.js';

const RUNS = 10;

/** Part of the contract: see destination.contract.ts. */
export function deletesContract(at: DestinationSuite): void {
  const deleting = (deletes: Partial<StreamDeletes>, more: object = {}): TestStream =>
    new TestStream({
      ...{ mode: 'incremental_upsert', jsonSchema: DELETABLE_SCHEMA, deletes: { as: 'soft', allowEmpty: false, ...deletes } },
      ...more,
    });
  const tombstones = (as: 'soft' | 'hard'): TestStream => deleting({ when: { field: 'deleted' }, as });
  const load = async (stream: TestStream, records: readonly SourceRecord[]): Promise<Counts> =>
    at.destination.inspect({ ref: await wholeRun(at.destination, stream, records) });
  const tombstone = (name: string): ItemRecord => ({ id: 2, name, updated_at: '2026-01-01', deleted: true });
  const gone = (id: number, day: number): SourceRecord => ({ id, updated_at: item(id, day).updated_at, deleted: true });
  const rowsOf = async (stream: TestStream): Promise<Row[]> =>
    (await at.world.rows(stream.target.table))
      .map((row) => ({ ...row, deleted: row._sluice_deleted ?? false }) as unknown as Row)
      .map(({ id, name, updated_at, deleted }) => ({ id, name, updated_at, deleted }))
      .sort((a, b) => a.id - b.id);

  describe('soft', () => {
    test('a tombstone marks the row and leaves what is in it; an older one is ignored, a newer record takes the mark away', async () => {
      const stream = tombstones('soft');
      await load(stream, [item(1, 1, 'a'), item(2, 5, 'b')]);
      expect(await load(stream, [gone(1, 3), gone(2, 3)])).toMatchObject({ read: 2, deleted: 1, superseded: 1 });
      expect(await rowsOf(stream)).toMatchObject([
        { id: 1, name: 'a', updated_at: item(1, 3).updated_at, deleted: true },
        { id: 2, name: 'b', deleted: false },
      ]);
      expect(await load(stream, [gone(1, 3), gone(2, 3)])).toMatchObject({ unchanged: 1, superseded: 1 });
      expect(await load(stream, [item(1, 2, 'late')])).toMatchObject({ superseded: 1 });
      expect(await rowsOf(stream)).toMatchObject([{ name: 'a', deleted: true }, { id: 2 }]);
      expect(await load(stream, [item(1, 4, 'back')])).toMatchObject({ updated: 1 });
      expect(await rowsOf(stream)).toMatchObject([{ name: 'back', deleted: false }, { id: 2 }]);
    });

    test('a tombstone of a key that was never seen leaves a marked row, so that an older record does not bring it back', async () => {
      const stream = tombstones('soft');
      expect(await load(stream, [gone(1, 3)])).toMatchObject({ read: 1, deleted: 1 });
      expect(await load(stream, [item(1, 2, 'late')])).toMatchObject({ superseded: 1 });
      expect(await rowsOf(stream)).toMatchObject([{ id: 1, deleted: true }]);
    });

    test('only the value that was named is a tombstone', async () => {
      const stream = deleting({ when: { field: 'name', equals: 'gone' }, as: 'soft' });
      expect(await load(stream, [item(1, 1, 'a'), item(2, 1, 'gone')])).toMatchObject({ inserted: 1, deleted: 1 });
    });
  });

  test('hard: a tombstone deletes the row, unless it is older; of one chunk the newest record decides', async () => {
    const stream = tombstones('hard');
    await load(stream, items(1, 4, 5));
    const counts = await load(stream, [
      gone(1, 6),
      gone(2, 4),
      gone(3, 6),
      item(3, 7, 'back'),
      item(4, 6),
      gone(4, 7),
      gone(9, 1),
    ]);
    expect(counts).toMatchObject({ read: 7, updated: 1, deleted: 2, superseded: 1, unchanged: 1, deduplicated: 2 });
    expect(await rowsOf(stream)).toMatchObject([{ id: 2 }, { id: 3, name: 'back' }]);
  });

  test.each(['soft', 'hard'] as const)('%s: is what the model says, whatever comes, with writers that die', async (as) => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const stream = tombstones(as);
        const model = new UpsertModel(as);
        await play(
          () => at.connect(),
          stream,
          sequence,
          (records) => model.load(records),
        );
        expect(await rowsOf(stream)).toEqual([...model.rows.values()].sort((a, b) => a.id - b.id));
      }),
      { numRuns: RUNS, examples: [[[{ records: [tombstone('c'), tombstone('a')], fate: 'committed' }]]] },
    );
  });

  describe.each(['soft', 'hard'] as const)('keys that a whole read did not see, %s', (missing) => {
    const alive = async (stream: TestStream): Promise<unknown[]> =>
      byId((await rowsOf(stream)).filter((row) => !row.deleted) as never);

    test('are deleted when it has finished, and come back with a record', async () => {
      const stream = deleting({ missing });
      await load(stream, items(1, 5, 1));
      expect(await load(stream, items(2, 4, 1))).toMatchObject({ read: 3, unchanged: 3, deleted: 0, removed: 2 });
      expect(await alive(stream)).toEqual([2, 3, 4]);
      expect((await rowsOf(stream)).length).toBe(missing === 'soft' ? 5 : 3);
      expect(await load(stream, items(1, 4, 1))).toMatchObject({ read: 4, removed: 0 });
      expect(await alive(stream)).toEqual([1, 2, 3, 4]);
    });

    test('stay while the read is not complete, and what a failed run saw is forgotten', async () => {
      const stream = deleting({ missing });
      const { target } = stream;
      await load(stream, items(1, 5, 1));
      const failed = stream.nextRun();
      await at.destination.prepare({ ref: failed, target });
      const writer = await at.destination.open({ ref: failed, target, slice: slice(), fence: 1 });
      await commitChunk(writer, items(1, 2, 1), { after: 2 });
      await writer.close();
      await expect(at.destination.finish({ ref: failed, target })).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await alive(stream)).toEqual([1, 2, 3, 4, 5]);
      await load(stream, items(3, 5, 1));
      expect(await alive(stream)).toEqual([3, 4, 5]);
    });

    test('of all attempts of a slice count, whoever committed what', async () => {
      const stream = deleting({ missing });
      const { target } = stream;
      await load(stream, items(1, 9, 1));
      const ref = stream.nextRun();
      await at.destination.prepare({ ref, target });
      const first = await at.destination.open({ ref, target, slice: slice(), fence: 1 });
      await commitChunk(first, items(1, 3, 1), { after: 3 });
      await first.write(page(items(9, 9, 1)));
      await first.close();
      await at.connect().prepare({ ref, target });
      const second = await at.connect().open({ ref, target, slice: slice(), fence: 2 });
      await second.write(page(items(4, 6, 1)));
      await second.complete(null, () => null);
      await second.close();
      await at.destination.finish({ ref, target });
      await at.destination.finish({ ref, target });
      expect(await alive(stream)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await at.destination.inspect({ ref })).toMatchObject({ read: 6, unchanged: 6, removed: 3 });
    });

    test('stay when the source gave nothing at all, unless that is allowed', async () => {
      const stream = deleting({ missing });
      await load(stream, items(1, 3, 1));
      await expect(load(stream, [])).rejects.toMatchObject({ code: 'DELETES_EVERYTHING' });
      expect(await alive(stream)).toEqual([1, 2, 3]);
      Object.assign(stream.target.deletes as object, { allowEmpty: true });
      expect(await load(stream, [])).toMatchObject({ read: 0, removed: 3 });
      expect(await alive(stream)).toEqual([]);
      expect(await load(stream, [])).toMatchObject({ read: 0, removed: 0 });
    });

    test('stay when a record was quarantined, which may be theirs', async () => {
      const stream = deleting({ missing });
      await load(stream, items(1, 3, 1));
      expect(await load(stream, [item(1, 1), { ...item(2, 1), name: 'half \ud800' }])).toMatchObject({
        quarantined: 1,
        removed: 0,
      });
      expect(await alive(stream)).toEqual([1, 2, 3]);
    });

    test('stay when another lane would read a part of the stream: it is refused', async () => {
      const stream = deleting({ missing });
      const { target } = stream;
      await load(stream, items(1, 3, 1));
      const ref = { ...stream.nextRun(), lane: 'backfill:part' };
      await expect(at.destination.prepare({ ref, target })).rejects.toMatchObject({ code: 'BACKFILL_NOT_POSSIBLE' });
      expect(await alive(stream)).toEqual([1, 2, 3]);
    });

    test('are not there after a reset, which loads anew', async () => {
      const stream = deleting({ missing });
      const { target } = stream;
      await load(stream, items(1, 3, 1));
      const ref = stream.nextRun();
      await at.destination.reset({ ref, target });
      await at.destination.prepare({ ref, target });
      const writer = await at.destination.open({ ref, target, slice: slice(), fence: 1 });
      await writer.write(page(items(2, 2, 1)));
      await writer.complete(null, () => null);
      await writer.close();
      await at.destination.finish({ ref, target });
      expect(byId((await rowsOf(stream)) as never)).toEqual([2]);
    });
  });
}
