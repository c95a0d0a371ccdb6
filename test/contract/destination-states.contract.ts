import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import type { StateChange, StateWrite, StreamStates } from '../../libs/contracts/stream-states.port.js';
import { parseJson } from '../../libs/json/index.js';
import { commitChunk, items, page, slice, TestStream, wholeRun, type DestinationWorld } from './destination-world.js';

/** Of destinations that show and change states. */
export function statesContract(makeWorld: () => Promise<DestinationWorld>): void {
  let world: DestinationWorld;
  let destination: Destination;
  let states: StreamStates;
  beforeAll(async () => {
    world = await makeWorld();
    destination = world.connect();
    states = destination.states as StreamStates;
  });
  afterAll(async () => {
    await destination?.close();
    await world?.close();
  });
  const append = (): TestStream => new TestStream({ mode: 'incremental_append' });
  const now = async (ref: StreamRef): Promise<StateChange | undefined> => (await states.read({ keys: [ref] })).get(ref.stream);
  const told = async (ref: StreamRef, before: number | null = null) =>
    (await states.history({ key: ref, before, limit: 10 })).map(({ state, origin, runId }) => [state, origin, runId]);
  const write = (ref: StreamRef, change: Omit<StateWrite, 'ref'>) => states.write({ changes: [{ ref, ...change }] });

  it('each change is kept with who made it, and can be gone back to', async () => {
    const stream = append();
    expect(await now(stream.nextRun())).toBeUndefined();
    const first = await wholeRun(destination, stream, items(1, 2));
    const second = await wholeRun(destination, stream, items(3, 4));
    const found = await now(second);
    expect(found).toMatchObject({ state: second.epoch === 3 ? { runs: 3 } : null, origin: 'run', runId: second.runId });
    expect(Date.now() - Number(found?.at)).toBeLessThan(60_000);
    const byHand = stream.nextRun();
    await write(byHand, { version: found?.version ?? 0, state: { runs: 'by hand' }, origin: 'set' });
    expect(await told(byHand)).toEqual([
      [{ runs: 'by hand' }, 'set', null],
      [{ runs: 3 }, 'run', second.runId],
      [{ runs: 2 }, 'run', first.runId],
    ]);
    expect(await told(byHand, found?.version)).toEqual([[{ runs: 2 }, 'run', first.runId]]);
    const { state } = await destination.prepare({ ref: stream.nextRun(), target: stream.target });
    expect(state).toEqual({ runs: 'by hand' });
  });

  it('numbers keep every digit', async () => {
    const stream = append();
    const state = parseJson('{"at": 12345678901234567890.123}') as Record<string, never>;
    const ref = stream.nextRun();
    await write(ref, { version: 0, state, origin: 'set' });
    expect((await now(ref))?.state).toEqual(state);
  });

  it('what was changed meanwhile, or belongs to a newer run, is not overwritten', async () => {
    const stream = append();
    const ref = await wholeRun(destination, stream, items(1, 2));
    const version = (await now(ref))?.version ?? 0;
    const change = { state: { runs: 9 }, origin: 'set' } as const;
    await expect(write(stream.nextRun(), { ...change, version: version - 1 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    await expect(write({ ...ref, epoch: ref.epoch - 1 }, { ...change, version })).rejects.toMatchObject({ code: 'STALE_RUN' });
    expect((await now(ref))?.state).toEqual({ runs: ref.epoch });
  });

  it('several change together or not at all, and what was left half loaded is forgotten', async () => {
    const stream = append();
    const { target } = stream;
    const ref = stream.nextRun();
    await destination.prepare({ ref, target });
    const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
    await commitChunk(writer, items(1, 2), { after: 2 });
    const next = stream.nextRun();
    const version = (await now(ref))?.version ?? 0;
    const other = { ...next, stream: 'others' };
    const change = { version, state: { runs: 5 }, origin: 'set' } as const;
    await expect(
      states.write({
        changes: [
          { ref: next, ...change },
          { ref: other, ...change, version: 7 },
        ],
      }),
    ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect((await now(ref))?.state).toBeNull();
    await write(next, change);
    await expect(writer.write(page(items(3, 3))).then(() => writer.commit({ after: 3 }))).rejects.toThrow();
    await writer.close();
    expect(await destination.prepare({ ref: stream.nextRun(), target })).toMatchObject({ state: { runs: 5 }, unfinished: [] });
  });

  it('a reset is a change too', async () => {
    const stream = append();
    await wholeRun(destination, stream, items(1, 2));
    const ref = stream.nextRun();
    await destination.reset({ ref, target: stream.target });
    expect(await now(ref)).toMatchObject({ state: null, origin: 'reset' });
  });
}
