import { expect, test } from '@jest/globals';
import type { Counts } from '../../libs/contracts/destination.port.js';
import type { page } from './destination-world.js';
import { item, items, TestStream, wholeRun, type DestinationSuite } from './destination-world.js';

/** Part of the contract: see destination.contract.ts. */
export function upsertContract(at: DestinationSuite): void {
  const upsert = (more: object = {}): TestStream => new TestStream({ mode: 'incremental_upsert', ...more });
  const load = async (stream: TestStream, records: Parameters<typeof page>[0]): Promise<Counts> =>
    at.destination.inspect({ ref: await wholeRun(at.destination, stream, records) });

  test('counts what is new, changed, the same and older', async () => {
    const stream = upsert();
    expect(await load(stream, items(1, 4, 10))).toMatchObject({ read: 4, inserted: 4 });
    const counts = await load(stream, [
      item(1, 10),
      item(2, 11, 'two'),
      item(3, 9, 'old'),
      item(4, 10, 'same cursor'),
      item(5, 1),
      item(5, 2, 'five'),
    ]);
    expect(counts).toMatchObject({ read: 6, inserted: 1, updated: 2, unchanged: 1, superseded: 1, deduplicated: 1 });
    const names: Record<string, unknown> = Object.fromEntries(
      (await at.world.rows(stream.target.table)).map(({ id, name }) => [String(id), name]),
    );
    expect(names).toEqual({ 1: 'item 1', 2: 'two', 3: 'item 3', 4: 'same cursor', 5: 'five' });
  });

  test('counts the same where most of a chunk changes nothing', async () => {
    const stream = upsert();
    await load(stream, items(1, 12, 10));
    const records = [
      ...items(1, 8, 10),
      item(1, 9, 'older twice'),
      item(2, 10),
      item(9, 9, 'old'),
      item(10, 11, 'ten'),
      { id: 11, name: 'undated', updated_at: null },
      item(13, 1),
      item(13, 2, 'thirteen'),
    ];
    const counts = await load(stream, records);
    expect(counts).toMatchObject({ read: 15, inserted: 1, updated: 1, unchanged: 8, superseded: 2, deduplicated: 3 });
    const names = (await at.world.rows(stream.target.table)).map(({ id, name }) => [Number(id), name] as const);
    expect(
      names
        .sort(([a], [b]) => a - b)
        .slice(8)
        .map(([, name]) => name),
    ).toEqual(['item 9', 'ten', 'item 11', 'item 12', 'thirteen']);
  });

  test('of one key in a chunk the highest cursor wins, then the one read last', async () => {
    const stream = upsert();
    const counts = await load(stream, [
      item(1, 3, 'highest'),
      item(1, 2, 'lower'),
      item(2, 1, 'first'),
      item(2, 1, 'last'),
      { id: 3, name: 'dated', updated_at: '2026-01-01' },
      { id: 3, name: 'undated', updated_at: null },
    ]);
    expect(counts).toMatchObject({ read: 6, inserted: 3, deduplicated: 3 });
    expect((await at.world.rows(stream.target.table)).map(({ name }) => name).sort()).toEqual(['dated', 'highest', 'last']);
  });

  test('a record without a cursor replaces one without a cursor, and none with', async () => {
    const stream = upsert();
    await load(stream, [item(1, 1), { id: 2, name: 'a', updated_at: null }]);
    const counts = await load(stream, [
      { id: 1, name: 'b', updated_at: null },
      { id: 2, name: 'b', updated_at: null },
    ]);
    expect(counts).toMatchObject({ read: 2, updated: 1, superseded: 1 });
  });

  test('records without a key are quarantined and counted', async () => {
    const stream = upsert();
    expect(await load(stream, [item(1), { name: 'no key', updated_at: '2026' }, { ...item(2), id: null }])).toMatchObject({
      read: 3,
      inserted: 1,
      quarantined: 2,
    });
  });

  test('without a cursor the last version that was read stays', async () => {
    const stream = upsert({ cursorField: null });
    await load(stream, [item(1, 9, 'a')]);
    expect(await load(stream, [item(1, 1, 'b'), item(1, 2, 'c')])).toMatchObject({ updated: 1, deduplicated: 1 });
    expect(await at.world.rows(stream.target.table)).toMatchObject([{ name: 'c' }]);
  });

  test('a key of several fields, which are all there is', async () => {
    const fields = ['id', 'name'];
    const stream = upsert({ primaryKey: ['id', 'name'], fields, cursorField: null });
    expect(await load(stream, [item(1, 1, 'a'), item(1, 1, 'b'), item(1, 1, 'a')])).toMatchObject({
      inserted: 2,
      deduplicated: 1,
    });
    expect(await load(stream, [item(1, 1, 'a')])).toMatchObject({ unchanged: 1 });
  });
}
