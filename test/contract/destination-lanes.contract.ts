import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import { commitChunk, item, items, slice, TestStream, wholeRun, type DestinationWorld } from './destination-world.js';

/** Of destinations that show and change states: a backfill loads beside the live lane. */
export function lanesContract(makeWorld: () => Promise<DestinationWorld>): void {
  let world: DestinationWorld;
  let destination: Destination;
  beforeAll(async () => {
    world = await makeWorld();
    destination = world.connect();
  });
  afterAll(async () => {
    await destination?.close();
    await world?.close();
  });

  const upsert = (): TestStream => new TestStream({ mode: 'incremental_upsert' });
  /** A run of the stream in a lane of its own. */
  const beside = (ref: StreamRef, epoch: number): StreamRef => ({
    ...ref,
    lane: `backfill:${randomUUID()}`,
    runId: randomUUID(),
    epoch,
  });
  const names = async ({ target }: TestStream) =>
    Object.fromEntries((await world.rows(target.table)).map(({ id, name }) => [String(id), name]));

  describe('two lanes of one stream', () => {
    it('load the same keys at the same time, and what is older never replaces what is newer', async () => {
      const stream = upsert();
      const { target } = stream;
      await wholeRun(destination, stream, items(1, 3, 5));
      const live = stream.nextRun();
      const backfill = beside(live, live.epoch + 1);
      await destination.prepare({ ref: live, target });
      await destination.prepare({ ref: backfill, target });
      const old = await destination.open({ ref: backfill, target, slice: slice('old'), fence: 1 });
      const fresh = await destination.open({ ref: live, target, slice: slice('new'), fence: 1 });
      await commitChunk(fresh, [item(1, 9, 'newest'), item(4, 9, 'four')], 1);
      await commitChunk(old, [item(1, 2, 'old'), item(2, 6, 'backfilled'), item(4, 1, 'old'), item(5, 1, 'five')], 1);
      await commitChunk(fresh, [item(2, 7, 'newer')], 2);
      await old.complete(2, () => ({ backfilled: true }));
      await fresh.complete(3, () => ({ live: true }));
      await Promise.all([old.close(), fresh.close()]);
      await destination.finish({ ref: backfill, target });
      await destination.finish({ ref: live, target });
      expect(await names(stream)).toEqual({ 1: 'newest', 2: 'newer', 3: 'item 3', 4: 'four', 5: 'five' });
      // Which of the two came first with a key decides how it was counted, not what is in the table.
      expect(await destination.inspect({ ref: backfill })).toMatchObject({ read: 4, deduplicated: 0 });
      const states = async (ref: StreamRef) => (await destination.states?.read({ keys: [ref] }))?.get(ref.stream)?.state;
      expect([await states(live), await states(backfill)]).toEqual([{ live: true }, { backfilled: true }]);
      const inspected = await destination.verifier?.inspect({ key: live, target, active: false, copied: false, limit: 10 });
      expect(inspected).toMatchObject({ rows: 5, counts: {} });
    });

    it('follow each other’s columns', async () => {
      const stream = upsert();
      const { target } = stream;
      await wholeRun(destination, stream, items(1, 2));
      const live = stream.nextRun();
      const backfill = beside(live, live.epoch + 1);
      await destination.prepare({ ref: backfill, target });
      const writer = await destination.open({ ref: backfill, target, slice: slice(), fence: 1 });
      const properties = { ...target.jsonSchema.properties, more: { type: ['null', 'string'] } };
      await destination.prepare({ ref: live, target: { ...target, jsonSchema: { ...target.jsonSchema, properties } } });
      const late = commitChunk(writer, [item(7)], 1).then(() => writer.complete(1, (state) => state));
      await expect(late).rejects.toMatchObject({ code: 'SCHEMA_MOVED' });
      await writer.close();
      const again = await destination.open({ ref: backfill, target, slice: slice(), fence: 2 });
      await commitChunk(again, [{ ...item(7), more: 'x' }], 1);
      await again.complete(1, (state) => state);
      await again.close();
      expect((await world.rows(target.table)).find(({ id }) => id === 7)).toMatchObject({ more: 'x' });
    });

    it('are not there where old and new could not be told apart', async () => {
      for (const target of [
        { mode: 'incremental_append' } as const,
        { mode: 'scd2' } as const,
        { mode: 'full_refresh_overwrite' } as const,
        { mode: 'incremental_upsert', cursorField: null } as const,
      ]) {
        const stream = new TestStream(target);
        const ref = beside(await wholeRun(destination, stream, items(1, 2)), 9);
        await expect(destination.prepare({ ref, target: stream.target })).rejects.toMatchObject({
          code: 'BACKFILL_NOT_POSSIBLE',
        });
      }
    });

    it('do not meet where the live one loads the table anew', async () => {
      const stream = upsert();
      const { target } = stream;
      await wholeRun(destination, stream, items(1, 2));
      const live = stream.nextRun();
      await destination.reset({ ref: live, target });
      const early = { ref: beside(live, live.epoch + 1), target };
      await expect(destination.prepare(early)).rejects.toMatchObject({ code: 'BACKFILL_BLOCKED' });
      await destination.prepare({ ref: live, target });
      await expect(destination.prepare(early)).rejects.toMatchObject({ code: 'BACKFILL_BLOCKED' });
      const writer = await destination.open({ ref: live, target, slice: slice(), fence: 1 });
      await writer.complete(null, () => ({}));
      await writer.close();
      await destination.finish({ ref: live, target });
      await expect(destination.prepare(early)).resolves.toMatchObject({ generation: 0 });
    });
  });
}
