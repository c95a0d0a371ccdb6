import { expect, test } from '@jest/globals';
import { byId, commitChunk, item, items, page, slice, TestStream, wholeRun, type DestinationSuite } from './destination-world.js';

/** Part of the contract: see destination.contract.ts. */
export function appendContract(at: DestinationSuite): void {
  const append = (): TestStream => new TestStream({ mode: 'incremental_append' });

  test('drops records at the highest cursor that an earlier run loaded, and no others', async () => {
    const stream = append();
    await wholeRun(at.destination, stream, [item(1, 1), item(2, 2), item(3, 2)]);
    const second = await wholeRun(at.destination, stream, [item(2, 2), item(3, 2), item(4, 2), item(5, 3)]);
    expect(await at.destination.inspect({ ref: second })).toMatchObject({ read: 4, inserted: 2, deduplicated: 2 });
    const third = await wholeRun(at.destination, stream, [item(5, 3), item(5, 3, 'changed')]);
    expect(await at.destination.inspect({ ref: third })).toMatchObject({ read: 2, inserted: 1, deduplicated: 1 });
    const fourth = await wholeRun(at.destination, stream, [item(5, 3), item(5, 3, 'changed')]);
    expect(await at.destination.inspect({ ref: fourth })).toMatchObject({ read: 2, inserted: 0, deduplicated: 2 });
    expect(byId(await at.world.rows(stream.target.table))).toEqual([1, 2, 3, 4, 5, 5]);
  });

  test('drops equal records only as often as they are there', async () => {
    const stream = append();
    await wholeRun(at.destination, stream, [item(1, 1), item(1, 1)]);
    const second = await wholeRun(at.destination, stream, [item(1, 1), item(1, 1), item(1, 1)]);
    expect(await at.destination.inspect({ ref: second })).toMatchObject({ inserted: 1, deduplicated: 2 });
  });

  test('knows boundary records that were committed in chunks of different attempts', async () => {
    const stream = append();
    const ref = stream.nextRun();
    const { target } = stream;
    await at.destination.prepare({ ref, target });
    const first = await at.destination.open({ ref, target, slice: slice(), fence: 1 });
    await commitChunk(first, [item(1, 1), item(2, 5)], { after: 2 });
    await first.close();
    const second = await at.connect().open({ ref, target, slice: slice(), fence: 2 });
    await commitChunk(second, [item(3, 4)], { after: 3 });
    await commitChunk(second, [item(4, 5)], { after: 4 });
    await second.complete({ after: 4 }, () => null);
    await second.close();
    await at.destination.finish({ ref, target });
    const next = await wholeRun(at.destination, stream, [item(2, 5), item(4, 5), item(6, 5)]);
    expect(await at.destination.inspect({ ref: next })).toMatchObject({ inserted: 1, deduplicated: 2 });
  });

  test('does not forget what it dropped before an interruption', async () => {
    const stream = append();
    await wholeRun(at.destination, stream, [item(1, 1)]);
    const ref = stream.nextRun();
    const { target } = stream;
    await at.destination.prepare({ ref, target });
    const first = await at.destination.open({ ref, target, slice: slice(), fence: 1 });
    await commitChunk(first, [item(1, 1)], { after: 1 });
    await first.close();
    const second = await at.connect().open({ ref, target, slice: slice(), fence: 2 });
    await second.write(page([item(1, 1)]));
    await second.complete(null, () => null);
    await second.close();
    expect(await at.destination.inspect({ ref })).toMatchObject({ read: 2, inserted: 1, deduplicated: 1 });
  });

  test('keeps boundaries of partitions apart', async () => {
    const stream = append();
    const { target } = stream;
    for (const inserted of [2, 0]) {
      const ref = stream.nextRun();
      await at.destination.prepare({ ref, target });
      for (const part of ['x', 'y']) {
        const writer = await at.destination.open({ ref, target, slice: slice(part, part), fence: 1 });
        await writer.write(page([item(7, part === 'x' ? 1 : 9)]));
        await writer.complete(null, () => null);
        await writer.close();
      }
      await at.destination.finish({ ref, target });
      expect(await at.destination.inspect({ ref })).toMatchObject({ read: 2, inserted });
    }
  });

  test('recognises boundary records after a field was added', async () => {
    const stream = append();
    await wholeRun(at.destination, stream, [item(1, 1)]);
    const wider = {
      ...stream.target.jsonSchema,
      properties: { ...stream.target.jsonSchema.properties, colour: { type: 'string' } },
    };
    const ref = stream.nextRun();
    const target = { ...stream.target, jsonSchema: wider };
    await at.destination.prepare({ ref, target });
    const writer = await at.destination.open({ ref, target, slice: slice(), fence: 1 });
    await writer.write(
      page([
        { ...item(1, 1), colour: 'red' },
        { ...item(2, 1), colour: 'blue' },
      ]),
    );
    await writer.complete(null, () => null);
    await writer.close();
    expect(await at.destination.inspect({ ref })).toMatchObject({ inserted: 1, deduplicated: 1 });
  });

  test('a new run completes the slices that an earlier one left unfinished, where they were', async () => {
    const stream = append();
    const { target } = stream;
    const first = stream.nextRun();
    await at.destination.prepare({ ref: first, target });
    const done = await at.destination.open({ ref: first, target, slice: slice('w1'), fence: 1 });
    await done.write(page(items(1, 3)));
    await done.complete(null, () => ({ until: 3 }));
    await done.close();
    const left = await at.destination.open({ ref: first, target, slice: slice('w2'), fence: 1 });
    await commitChunk(left, items(4, 6), { after: 6 });
    await left.close();
    for (const attempt of [1, 2]) {
      const ref = stream.nextRun();
      const prepared = await at.connect().prepare({ ref, target });
      expect(prepared).toMatchObject({ state: { until: 3 }, unfinished: [slice('w2')] });
      const writer = await at.destination.open({ ref, target, slice: slice('w2'), fence: 1 });
      expect(writer.position).toEqual({ after: 6 });
      if (attempt === 2) {
        await writer.write(page(items(7, 8)));
        await writer.complete({ after: 8 }, () => ({ until: 8 }));
        expect((await at.destination.prepare({ ref, target })).unfinished).toEqual([]);
        await at.destination.finish({ ref, target });
      }
      await writer.close();
    }
    expect(byId(await at.world.rows(target.table))).toEqual(byId(items(1, 8)));
  });

  test('drops the boundary records of a slice that it inherited from what the run plans after it', async () => {
    const stream = append();
    const { target } = stream;
    const first = stream.nextRun();
    await at.destination.prepare({ ref: first, target });
    const left = await at.destination.open({ ref: first, target, slice: slice('w1'), fence: 1 });
    await commitChunk(left, items(1, 3), { after: 3 });
    await left.close();
    const ref = stream.nextRun();
    await at.destination.prepare({ ref, target });
    const inherited = await at.destination.open({ ref, target, slice: slice('w1'), fence: 1 });
    await inherited.write(page([item(4, 4), item(5, 4)]));
    await inherited.complete({ after: 5 }, () => ({ until: 4 }));
    await inherited.close();
    const planned = await at.destination.open({ ref, target, slice: slice('w2'), fence: 1 });
    await planned.write(page([item(4, 4), item(5, 4), item(6, 4), item(7, 7)]));
    await planned.complete({ after: 7 }, () => ({ until: 7 }));
    await planned.close();
    expect(await at.destination.inspect({ ref })).toMatchObject({ inserted: 4, deduplicated: 2 });
    await at.destination.finish({ ref, target });
    expect(byId(await at.world.rows(target.table))).toEqual(
      byId([...items(1, 3), item(4, 4), item(5, 4), item(6, 4), item(7, 7)]),
    );
  });
}
