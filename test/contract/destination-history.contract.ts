import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Counts } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { play } from './destination-sequences.js';
import { item, page, slice, TestStream, wholeRun, type DestinationSuite } from './destination-world.js';
import { HistoryModel, type Version } from './models/history-model.js';
import { DELETABLE_SCHEMA, steps } from './models/item-record.js';

const RUNS = 15;
const sortedVersions = (versions: readonly Version[]): Version[] =>
  [...versions].sort((a, b) => a.id - b.id || a.from.localeCompare(b.from));

function versionOf(row: SourceRecord): Version {
  const { id, name, updated_at: seen, _sluice_valid_from: from, _sluice_valid_to: to, _sluice_current: current } = row;
  return { id, name: from === to ? null : name, seen, from, to, current } as Version;
}

/** Part of the contract: see destination.contract.ts. */
export function historyContract(at: DestinationSuite): void {
  const history = (more: object = {}): TestStream => new TestStream({ mode: 'scd2', ...more });
  const load = async (stream: TestStream, records: Parameters<typeof page>[0]): Promise<Counts> =>
    at.destination.inspect({ ref: await wholeRun(at.destination, stream, records) });
  /** `from-to name` of each version, `*` for the current one. */
  const told = async (stream: TestStream): Promise<string[]> =>
    sortedVersions((await at.world.rows(stream.target.table)).map(versionOf)).map(
      ({ id, name, from, to, current }) =>
        `${id}: ${from.slice(-1)}-${to?.slice(-1) ?? ''} ${name ?? 'none'}${current ? '*' : ''}`,
    );

  test('a change ends the version before it; what is the same makes none, and is not even written where the cursor did not move', async () => {
    const stream = history();
    expect(await load(stream, [item(1, 1, 'a'), item(2, 1, 'x')])).toMatchObject({ inserted: 2 });
    expect(await load(stream, [item(1, 1, 'a'), item(1, 3, 'b'), item(2, 2, 'x')])).toMatchObject({
      ...{ read: 3, inserted: 1, updated: 1, unchanged: 1, deduplicated: 0 },
    });
    expect(await told(stream)).toEqual(['1: 1-3 a', '1: 3- b*', '2: 1- x*']);
    expect(await load(stream, [item(1, 1, 'a'), item(1, 3, 'b'), item(2, 2, 'x')])).toMatchObject({ read: 3, unchanged: 3 });
    expect(await told(stream)).toEqual(['1: 1-3 a', '1: 3- b*', '2: 1- x*']);
  });

  test('a late record splits the version that it falls into, or comes before all', async () => {
    const stream = history();
    await load(stream, [item(1, 2, 'a'), item(1, 6, 'c')]);
    expect(await load(stream, [item(1, 4, 'b')])).toMatchObject({ read: 1, inserted: 1 });
    expect(await told(stream)).toEqual(['1: 2-4 a', '1: 4-6 b', '1: 6- c*']);
    await load(stream, [item(1, 1, 'z')]);
    await load(stream, [item(1, 5, 'b')]);
    expect(await told(stream)).toEqual(['1: 1-2 z', '1: 2-4 a', '1: 4-6 b', '1: 6- c*']);
    expect(await load(stream, [item(1, 3, 'z')])).toMatchObject({ inserted: 1 });
    expect(await told(stream)).toEqual(['1: 1-2 z', '1: 2-3 a', '1: 3-4 z', '1: 4-6 b', '1: 6- c*']);
  });

  test('a record that came late does not take the place of what was confirmed after it', async () => {
    const stream = history();
    await load(stream, [item(1, 1, 'a')]);
    await load(stream, [item(1, 5, 'a')]);
    await load(stream, [item(1, 3, 'b')]);
    expect(await told(stream)).toEqual(['1: 1-3 a', '1: 3-5 b', '1: 5- a*']);
  });

  test('of records with one cursor the last read counts, in one chunk or later', async () => {
    const stream = history();
    expect(await load(stream, [item(1, 1, 'a'), item(1, 1, 'b')])).toMatchObject({ read: 2, inserted: 1, deduplicated: 1 });
    expect(await load(stream, [item(1, 1, 'c')])).toMatchObject({ updated: 1 });
    expect(await told(stream)).toEqual(['1: 1- c*']);
  });

  test('records without a key or a cursor are quarantined', async () => {
    const stream = history();
    const counts = await load(stream, [item(1), { ...item(2), id: null }, { ...item(3), updated_at: null }]);
    expect(counts).toMatchObject({ read: 3, inserted: 1, quarantined: 2 });
  });

  test('a stream without a cursor is refused', async () => {
    const stream = history({ cursorField: null });
    await expect(at.destination.prepare({ ref: stream.nextRun(), target: stream.target })).rejects.toMatchObject({
      code: 'CURSOR_MISSING',
    });
  });

  test('a record that is nothing but key and cursor has one version', async () => {
    const stream = history({ fields: ['id', 'updated_at'] });
    await load(stream, [item(1, 1), item(1, 2)]);
    expect(await load(stream, [item(1, 2), item(1, 3)])).toMatchObject({ unchanged: 1, updated: 1 });
    expect(await at.world.rows(stream.target.table)).toMatchObject([{ id: 1, updated_at: item(1, 3).updated_at }]);
  });

  const deletable = (): TestStream =>
    history({ jsonSchema: DELETABLE_SCHEMA, deletes: { when: { field: 'deleted' }, as: 'soft', allowEmpty: false } });
  const gone = (id: number, n: number): SourceRecord => ({ ...item(id, n), deleted: true });

  test('a tombstone ends the version; an older record that comes after it does not bring the key back', async () => {
    const stream = deletable();
    await load(stream, [item(1, 1, 'a')]);
    expect(await load(stream, [gone(1, 4), gone(2, 4)])).toMatchObject({ read: 2, deleted: 2 });
    expect(await told(stream)).toEqual(['1: 1-4 a', '2: 4-4 none']);
    await load(stream, [item(1, 3, 'b'), item(2, 3, 'x')]);
    expect(await told(stream)).toEqual(['1: 1-3 a', '1: 3-4 b', '2: 3-4 x']);
    await load(stream, [item(1, 6, 'c'), gone(1, 5)]);
    expect(await told(stream)).toEqual(['1: 1-3 a', '1: 3-4 b', '1: 5-5 none', '1: 6- c*', '2: 3-4 x']);
  });

  test('two slices that load the same keys at the same time leave one history', async () => {
    const stream = history();
    const ref = stream.nextRun();
    const { target } = stream;
    await at.destination.prepare({ ref, target });
    await Promise.all(
      [1, 2, 3, 4].map(async (part) => {
        const writer = await at.connect().open({ ref, target, slice: slice(`p${part}`), fence: 1 });
        for (const n of [part, part + 4]) {
          await writer.write(page([item(1, n, `n${n}`), item(2, n, `n${n}`)]));
          await writer.commit({ after: n });
        }
        await writer.complete(null, (state) => ({ ...state, [part]: true }));
        await writer.close();
      }),
    );
    await at.destination.finish({ ref, target });
    const chain = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `${n}-${n < 8 ? n + 1 : ''} n${n}${n < 8 ? '' : '*'}`);
    expect(await told(stream)).toEqual([1, 2].flatMap((id) => chain.map((version) => `${id}: ${version}`)));
  });

  test('is what the model says, whatever comes in whichever order, with writers that die and chunks that come again', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const stream = deletable();
        const model = new HistoryModel();
        const expected: Partial<Counts>[] = [];
        const counts = await play(
          () => at.connect(),
          stream,
          sequence,
          (records) => expected.push(model.load(records)),
        );
        const versions = sortedVersions((await at.world.rows(stream.target.table)).map(versionOf));
        expect(versions).toEqual(sortedVersions(model.versions));
        const current = new Map(versions.filter((version) => version.current).map(({ id, name }) => [id, name]));
        for (const [id, name] of model.newest) expect(current.get(id) ?? null).toBe(name);
        for (const name of ['inserted', 'updated', 'unchanged', 'deleted', 'deduplicated'] as const)
          expect(counts.reduce((sum, each) => sum + each[name], 0)).toBe(
            expected.reduce((sum, each) => sum + (each[name] ?? 0), 0),
          );
      }),
      { numRuns: RUNS },
    );
  });

  test('numbers are cursors by their size', async () => {
    const properties = { id: { type: 'integer' }, name: { type: 'string' }, updated_at: { type: 'integer' } };
    const stream = history({ cursorOrder: 'number', jsonSchema: { properties } });
    await load(stream, [
      { id: 1, name: 'a', updated_at: 9 },
      { id: 1, name: 'c', updated_at: 100 },
      { id: 1, name: 'b', updated_at: 10 },
    ]);
    const rows = (await at.world.rows(stream.target.table)).map((row) => [
      row._sluice_valid_from,
      row._sluice_valid_to,
      row.name,
    ]);
    expect(rows.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
      [9, 10, 'a'],
      [10, 100, 'b'],
      [100, null, 'c'],
    ]);
  });
}
