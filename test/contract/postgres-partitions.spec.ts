import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Destination, SliceWriter, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import { byId, item, page, slice, TestStream } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
});
beforeEach(() => {
  destination = world.connect();
});
afterEach(() => destination.close());
afterAll(() => world.close());

const PARTITIONS = ['a', 'b', 'c'];

describe.each(['incremental_append', 'incremental_upsert'] as const)('small slices of partitions, %s', (mode) => {
  async function begin(): Promise<{ ref: StreamRef; target: StreamTarget; writers: SliceWriter[] }> {
    const stream = new TestStream({ mode });
    const ref = stream.nextRun();
    const { target } = stream;
    await destination.prepare({ ref, target });
    const writers = await Promise.all(
      PARTITIONS.map((name) => destination.open({ ref, target, slice: slice(name, name), fence: 1 })),
    );
    return { ref, target, writers };
  }
  const recordsOf = (index: number) => [item(2 * index + 1), item(2 * index + 2)];
  const load = async (writer: SliceWriter, index: number): Promise<void> => {
    await writer.write(page(recordsOf(index), { d: true }));
    await writer.complete({ d: true }, null);
  };
  const ids = async ({ table }: StreamTarget) => byId(await world.rows(table));
  const streamOf = (ref: StreamRef) => `(SELECT id FROM sluice.stream WHERE sync_id = '${ref.syncId}')`;

  async function finishWith(ref: StreamRef, target: StreamTarget, index: number): Promise<void> {
    const name = PARTITIONS[index] ?? '';
    const successor = await world.connect().open({ ref, target, slice: slice(name, name), fence: 9 });
    expect(successor).toMatchObject({ position: null, completed: false });
    await load(successor, index);
    await successor.close();
    await destination.finish({ ref, target });
    expect(await ids(target)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await destination.inspect({ ref })).toMatchObject({ read: 6, inserted: 6, chunks: 3 });
  }

  test('one that lost its fence changes nothing, and the ones beside it are complete', async () => {
    const { ref, target, writers } = await begin();
    await world.sql.query(`UPDATE sluice.checkpoint SET fence = 2 WHERE stream_id = ${streamOf(ref)} AND slice_id = 'b'`);
    const outcomes = await Promise.allSettled(writers.map(load));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'STALE_WRITER' } });
    await Promise.all(writers.map((writer) => writer.close()));
    expect(await ids(target)).toEqual([1, 2, 5, 6]);
    await finishWith(ref, target, 1);
  });

  test('one whose session ends between its rows and its completion starts again, and none of them twice', async () => {
    const { ref, target, writers } = await begin();
    const [a, b, c] = writers as [SliceWriter, SliceWriter, SliceWriter];
    await load(a, 0);
    await b.write(page(recordsOf(1), { d: true }));
    await world.sql.query(
      `SELECT pg_terminate_backend((b->>'pid')::integer) FROM sluice.checkpoint, jsonb_array_elements(backends) AS b
       WHERE stream_id = ${streamOf(ref)} AND slice_id = 'b'`,
    );
    await expect(b.complete({ d: true }, null)).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
    await load(c, 2);
    await Promise.all(writers.map((writer) => writer.close()));
    expect(await ids(target)).toEqual([1, 2, 5, 6]);
    await finishWith(ref, target, 1);
  });

  test('none of a run that was overtaken is completed or opened any more', async () => {
    const { ref, target, writers } = await begin();
    await load(writers[0] as SliceWriter, 0);
    await world.sql.query(`UPDATE sluice.stream SET epoch = epoch + 1, run_id = 'newer' WHERE id = ${streamOf(ref)}`);
    const outcomes = await Promise.allSettled(writers.slice(1).map((writer, index) => load(writer, index + 1)));
    expect(outcomes).toMatchObject([{ reason: { code: 'STALE_RUN' } }, { reason: { code: 'STALE_RUN' } }]);
    await Promise.all(writers.map((writer) => writer.close()));
    await expect(destination.open({ ref, target, slice: slice('d', 'd'), fence: 1 })).rejects.toMatchObject({
      code: 'STALE_RUN',
    });
    expect(await ids(target)).toEqual([1, 2]);
  });
});
