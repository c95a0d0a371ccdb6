import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Counts, Destination, DestinationCapabilities, SliceWriter } from '../../libs/contracts/destination.port.js';
import { isFullRefresh, WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { appendContract } from './destination-append.contract.js';
import { deletesContract } from './destination-deletes.contract.js';
import { historyContract } from './destination-history.contract.js';
import { upsertContract } from './destination-upsert.contract.js';
import {
  byId,
  commitChunk,
  items,
  page,
  slice,
  TestStream,
  wholeRun,
  type DestinationSuite,
  type DestinationWorld,
} from './destination-world.js';

const sum = (counts: Counts): number =>
  counts.inserted +
  counts.updated +
  counts.unchanged +
  counts.superseded +
  counts.deduplicated +
  counts.deleted +
  counts.filtered +
  counts.quarantined;

/** What every destination must do in the modes that it declares exactly_once. */
export function destinationContract(
  name: string,
  { capabilities, makeWorld }: { capabilities: DestinationCapabilities; makeWorld: () => Promise<DestinationWorld> },
): void {
  describe(`${name} as a destination`, () => {
    const modes = WRITE_MODES.filter((mode) => capabilities.delivery[mode] === 'exactly_once');
    let world: DestinationWorld;
    let destination: Destination;
    const opened: Destination[] = [];
    /** Another process. */
    const connect = (): Destination => {
      const other = world.connect();
      opened.push(other);
      return other;
    };
    beforeAll(async () => {
      world = await makeWorld();
    });
    beforeEach(() => {
      destination = connect();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
    });
    afterAll(() => world.close());

    test('a check of a good connection passes', () => destination.check());

    describe.each(modes)('%s', (mode) => {
      test.each(['exact', 'within_slice', 'none'] as const)(
        'loads every record once and accounts for it (resume %s)',
        async (resume) => {
          const stream = new TestStream({ mode, resume });
          const ref = stream.nextRun();
          const { target } = stream;
          await destination.prepare({ ref, target });
          const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
          expect(writer).toMatchObject({ position: null, completed: false });
          await commitChunk(writer, items(1, 10), { after: 10 });
          await commitChunk(writer, items(11, 20), { after: 20 });
          await writer.write(page(items(21, 25)));
          await writer.complete({ after: 25 }, (state) => ({ ...state, seen: 25 }));
          await writer.close();
          await destination.finish({ ref, target });
          expect(byId(await world.rows(target.table))).toEqual(byId(items(1, 25)));
          const counts = await destination.inspect({ ref });
          expect(counts).toMatchObject({ read: 25, inserted: 25, bytes: 2500 });
          expect(sum(counts)).toBe(counts.read);
        },
      );

      test('an attempt that ends without a commit leaves nothing, and its successor goes on from the last position', async () => {
        const stream = new TestStream({ mode });
        const ref = stream.nextRun();
        const { target } = stream;
        await destination.prepare({ ref, target });
        const first = await destination.open({ ref, target, slice: slice(), fence: 1 });
        await commitChunk(first, items(1, 5), { after: 5 });
        await first.write(page(items(6, 9), { after: 9 }));
        await first.close();
        const second = await connect().open({ ref, target, slice: slice(), fence: 2 });
        expect(second.position).toEqual({ after: 5 });
        await second.write(page(items(6, 10), { after: 10 }));
        await second.complete({ after: 10 }, () => null);
        await second.close();
        await destination.finish({ ref, target });
        expect(byId(await world.rows(target.table))).toEqual(byId(items(1, 10)));
        expect(await destination.inspect({ ref })).toMatchObject({ read: 10, inserted: 10, chunks: 2 });
      });

      test('a source that has no rows yet can say where it is, more than once', async () => {
        const stream = new TestStream({ mode });
        const ref = stream.nextRun();
        const { target } = stream;
        await destination.prepare({ ref, target });
        const first = await destination.open({ ref, target, slice: slice(), fence: 1 });
        await commitChunk(first, [], { job: 'j1' });
        await commitChunk(first, [], { job: 'j1', looks: 2 });
        await first.close();
        const second = await connect().open({ ref, target, slice: slice(), fence: 2 });
        expect(second.position).toEqual({ job: 'j1', looks: 2 });
        await second.write(page(items(1, 1)));
        await second.complete(null, () => null);
        await second.close();
        await destination.finish({ ref, target });
        expect(byId(await world.rows(target.table))).toEqual([1]);
        expect(await destination.inspect({ ref })).toMatchObject({ read: 1, inserted: 1 });
      });

      test('a slice that cannot be resumed starts again from nothing', async () => {
        const stream = new TestStream({ mode, resume: 'none' });
        const ref = stream.nextRun();
        const { target } = stream;
        await destination.prepare({ ref, target });
        const first = await destination.open({ ref, target, slice: slice(), fence: 1 });
        await commitChunk(first, items(1, 5), { after: 5 });
        await first.close();
        expect(await world.rows(target.table)).toEqual([]);
        const second = await connect().open({ ref, target, slice: slice(), fence: 2 });
        expect(second.position).toBeNull();
        await commitChunk(second, items(3, 8), { after: 8 });
        await second.complete(null, () => null);
        await second.close();
        await destination.finish({ ref, target });
        expect(byId(await world.rows(target.table))).toEqual(byId(items(3, 8)));
        expect(await destination.inspect({ ref })).toMatchObject({ read: 6, inserted: 6 });
      });

      test.each(['before its first write', 'in an open chunk', 'with a chunk ended and not yet committed'])(
        'a writer that was overtaken %s changes nothing any more',
        async (when) => {
          const stream = new TestStream({ mode });
          const ref = stream.nextRun();
          const { target } = stream;
          await destination.prepare({ ref, target });
          const old = await destination.open({ ref, target, slice: slice(), fence: 1 });
          await commitChunk(old, items(1, 3), { after: 3 });
          if (when !== 'before its first write') await old.write(page(items(4, 6), { after: 6 }));
          const late = when === 'with a chunk ended and not yet committed' ? old.commit({ after: 6 }) : null;
          const began = Date.now();
          const successor = await connect().open({ ref, target, slice: slice(), fence: 2 });
          expect(Date.now() - began).toBeLessThan(5_000);
          // What was under way when it was overtaken is committed or not; after that, nothing is.
          await late?.catch(() => undefined);
          const from = (successor.position as { after: number } | null)?.after ?? 0;
          await expect(
            (async () => {
              await old.write(page(items(90, 99), { after: 99 }));
              await old.commit({ after: 99 });
              await old.complete({ after: 99 }, () => ({ zombie: true }));
            })(),
          ).rejects.toMatchObject({ name: 'SluiceError' });
          await old.close();
          await successor.write(page(items(from + 1, 12), { after: 12 }));
          await successor.complete({ after: 12 }, () => ({ good: true }));
          await successor.close();
          await destination.finish({ ref, target });
          expect(byId(await world.rows(target.table))).toEqual(byId(items(1, 12)));
          expect(await destination.inspect({ ref })).toMatchObject({ read: 12, inserted: 12 });
        },
      );

      test('an attempt with an older fence, or of an older run, cannot open', async () => {
        const stream = new TestStream({ mode });
        const ref = stream.nextRun();
        const { target } = stream;
        await destination.prepare({ ref, target });
        const writer = await destination.open({ ref, target, slice: slice(), fence: 5 });
        await expect(connect().open({ ref, target, slice: slice(), fence: 4 })).rejects.toMatchObject({ code: 'STALE_WRITER' });
        await commitChunk(writer, items(1, 2), { after: 2 });
        await writer.close();
        const next = stream.nextRun();
        await connect().prepare({ ref: next, target });
        await expect(destination.open({ ref, target, slice: slice(), fence: 6 })).rejects.toMatchObject({ code: 'STALE_RUN' });
        await expect(destination.prepare({ ref, target })).rejects.toMatchObject({ code: 'STALE_RUN' });
        await expect(destination.finish({ ref, target })).rejects.toMatchObject({ code: 'STALE_RUN' });
      });

      test('a fenced run commits nothing any more', async () => {
        const stream = new TestStream({ mode });
        const ref = stream.nextRun();
        const { target } = stream;
        await destination.prepare({ ref, target });
        const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
        await writer.write(page(items(1, 2), { after: 2 }));
        await connect().fence({ ref: { ...ref, epoch: ref.epoch + 1 } });
        await expect(
          (async () => {
            await writer.commit({ after: 2 });
            await writer.complete({ after: 2 }, () => null);
          })(),
        ).rejects.toMatchObject({ name: 'SluiceError' });
        await writer.close();
        expect(await world.rows(target.table)).toEqual([]);
      });

      test('prepare, complete and finish may be repeated', async () => {
        const stream = new TestStream({ mode });
        const ref = stream.nextRun();
        const { target } = stream;
        const prepared = await destination.prepare({ ref, target });
        expect(await connect().prepare({ ref, target })).toEqual(prepared);
        const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
        await writer.write(page(items(1, 3)));
        await writer.complete(null, () => ({ done: 1 }));
        await writer.close();
        expect(await destination.prepare({ ref, target })).toMatchObject({ generation: prepared.generation, state: { done: 1 } });
        const again = await destination.open({ ref, target, slice: slice(), fence: 2 });
        expect(again.completed).toBe(true);
        await again.close();
        await destination.finish({ ref, target });
        await destination.finish({ ref, target });
        expect(byId(await world.rows(target.table))).toEqual([1, 2, 3]);
      });

      test('finish refuses while a slice is not complete', async () => {
        const stream = new TestStream({ mode });
        const ref = stream.nextRun();
        const { target } = stream;
        await destination.prepare({ ref, target });
        const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
        await commitChunk(writer, items(1, 3), { after: 3 });
        await writer.close();
        await expect(destination.finish({ ref, target })).rejects.toMatchObject({ code: 'INTERNAL' });
      });

      test('slices that complete at the same time all advance the state', async () => {
        const stream = new TestStream({ mode });
        const ref = stream.nextRun();
        const { target } = stream;
        await destination.prepare({ ref, target });
        const parts = ['a', 'b', 'c', 'd', 'e'];
        await Promise.all(
          parts.map(async (part, n) => {
            const writer = await connect().open({ ref, target, slice: slice(part, part), fence: 1 });
            await writer.write(page(items(n * 3 + 1, n * 3 + 3)));
            await writer.complete(null, (state) => ({ ...state, [part]: n }));
            await writer.close();
          }),
        );
        await destination.finish({ ref, target });
        expect(byId(await world.rows(target.table))).toEqual(byId(items(1, 15)));
        const next = await destination.prepare({ ref: stream.nextRun(), target });
        if (isFullRefresh(mode)) expect(next).toMatchObject({ state: null });
        else expect(next.state).toEqual({ a: 0, b: 1, c: 2, d: 3, e: 4 });
      });

      test('a table belongs to one sync', async () => {
        const stream = new TestStream({ mode });
        await wholeRun(destination, stream, items(1, 2));
        const thief = new TestStream({ mode, table: stream.target.table });
        await expect(destination.prepare({ ref: thief.nextRun(), target: thief.target })).rejects.toMatchObject({
          code: 'TABLE_OWNED',
        });
      });

      test('a reset loads anew, and readers keep the old rows until it has finished', async () => {
        const stream = new TestStream({ mode });
        const { target } = stream;
        await wholeRun(destination, stream, items(1, 5));
        const ref = stream.nextRun();
        await destination.reset({ ref, target });
        expect(await destination.prepare({ ref, target })).toMatchObject({ state: null, unfinished: [] });
        const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
        await commitChunk(writer, items(4, 7), { after: 7 });
        expect(byId(await world.rows(target.table))).toEqual([1, 2, 3, 4, 5]);
        await writer.complete({ after: 7 }, () => null);
        await writer.close();
        await destination.finish({ ref, target });
        expect(byId(await world.rows(target.table))).toEqual([4, 5, 6, 7]);
      });
    });

    describe.each(modes.filter(isFullRefresh))('%s', (mode) => {
      test('what a run has loaded is given up and loaded anew by the same run, and whoever was at it is stale', async () => {
        const stream = new TestStream({ mode, resume: 'none' });
        const { target } = stream;
        await wholeRun(destination, stream, items(1, 2));
        const ref = stream.nextRun();
        const { generation } = await destination.prepare({ ref, target });
        const done = await destination.open({ ref, target, slice: slice('a'), fence: 1 });
        await done.write(page(items(10, 12)));
        await done.complete(null, () => null);
        await done.close();
        const stale = await destination.open({ ref, target, slice: slice('b'), fence: 1 });
        await stale.write(page(items(20, 22)));
        await connect().restart({ ref, generation });
        await expect(stale.complete(null, () => null)).rejects.toMatchObject({ name: 'SluiceError' });
        await stale.close();
        expect(await destination.prepare({ ref, target })).toMatchObject({ generation: generation + 1 });
        for (const [id, from, to] of [['a', 3, 3] as const, ['b', 4, 5] as const]) {
          const writer = await connect().open({ ref, target, slice: slice(id), fence: 2 });
          expect(writer).toMatchObject({ completed: false, position: null });
          await writer.write(page(items(from, to)));
          await writer.complete(null, () => null);
          await writer.close();
          await connect().restart({ ref, generation }); // comes late: that one is not loaded any more
        }
        await destination.finish({ ref, target });
        expect(byId(await world.rows(target.table))).toEqual(mode === 'full_refresh_append' ? [1, 2, 3, 4, 5] : [3, 4, 5]);
        expect(await destination.inspect({ ref })).toMatchObject({ read: 3, inserted: 3 });
      });
    });

    describe('full_refresh_append', () => {
      test('adds a whole copy with each finished run; an abandoned one is never seen', async () => {
        const stream = new TestStream({ mode: 'full_refresh_append' });
        const { target } = stream;
        await wholeRun(destination, stream, items(1, 3));
        const failed = stream.nextRun();
        await destination.prepare({ ref: failed, target });
        const abandoned = await destination.open({ ref: failed, target, slice: slice(), fence: 1 });
        await commitChunk(abandoned, items(50, 60), { after: 60 });
        await abandoned.close();
        expect(byId(await world.rows(target.table))).toEqual([1, 2, 3]);
        await wholeRun(destination, stream, items(2, 4));
        expect(byId(await world.rows(target.table))).toEqual([1, 2, 2, 3, 3, 4]);
        await wholeRun(destination, stream, []);
        expect(byId(await world.rows(target.table))).toEqual([1, 2, 2, 3, 3, 4]);
      });
    });

    describe('full_refresh_overwrite', () => {
      test('shows the old rows until finish, and an abandoned generation never', async () => {
        const stream = new TestStream({ mode: 'full_refresh_overwrite' });
        const { target } = stream;
        await wholeRun(destination, stream, items(1, 3));
        const failed = stream.nextRun();
        await destination.prepare({ ref: failed, target });
        const abandoned = await destination.open({ ref: failed, target, slice: slice(), fence: 1 });
        await commitChunk(abandoned, items(50, 60), { after: 60 });
        await abandoned.close();
        expect(byId(await world.rows(target.table))).toEqual([1, 2, 3]);
        await wholeRun(destination, stream, items(2, 4));
        expect(byId(await world.rows(target.table))).toEqual([2, 3, 4]);
        await wholeRun(destination, stream, []);
        expect(await world.rows(target.table)).toEqual([]);
      });
    });

    const suite: DestinationSuite = {
      connect,
      get world() {
        return world;
      },
      get destination() {
        return destination;
      },
    };
    if (modes.includes('incremental_append')) describe('incremental_append', () => appendContract(suite));
    if (modes.includes('incremental_upsert')) describe('incremental_upsert', () => upsertContract(suite));
    if (modes.includes('scd2')) describe('scd2', () => historyContract(suite));
    if (modes.includes('incremental_upsert') && capabilities.deletes) describe('deletes', () => deletesContract(suite));

    test('a writer refuses to be used after it was closed, and closing twice is harmless', async () => {
      const stream = new TestStream({ mode: 'incremental_append' });
      const ref = stream.nextRun();
      await destination.prepare({ ref, target: stream.target });
      const writer: SliceWriter = await destination.open({ ref, target: stream.target, slice: slice(), fence: 1 });
      await writer.close();
      await writer.close();
      await expect(writer.write(page(items(1, 1)))).rejects.toMatchObject({ name: 'SluiceError' });
    });
  });
}
