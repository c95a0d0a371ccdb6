import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import type { QuarantineRequest } from '../../libs/contracts/quarantine.port.js';
import { parseJson, stringifyJson } from '../../libs/json/index.js';
import { TestStream, wholeRun, type DestinationWorld } from './destination-world.js';

/** Of destinations that show the records kept aside. */
export function quarantineContract(makeWorld: () => Promise<DestinationWorld>): void {
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

  async function read(request: Partial<QuarantineRequest>) {
    const { quarantine } = destination;
    if (!quarantine) throw new Error('it shows its quarantine');
    return quarantine.read({ installation: 'test', syncIds: [], before: null, limit: 10, ...request });
  }

  test('records kept aside are shown as they came, newest first, by what is asked for, and of no other sync', async () => {
    const stream = new TestStream({ mode: 'incremental_upsert', cursorField: null });
    const text = '{"id":"x","name":"a","n":0.12345678901234567890,"big":123456789012345678901234567890,"nul":"\\u0000"}';
    const first = await wholeRun(destination, stream, [parseJson(text) as Record<string, unknown>, { name: 'no id' }]);
    const second = await wholeRun(destination, stream, [{ id: 'y' }, { id: 1 }]);
    const other = await wholeRun(destination, new TestStream({ mode: 'incremental_upsert', cursorField: null }), [{ id: 'z' }]);
    const syncIds = [first.syncId];

    const { records, next } = await read({ syncIds });
    expect(next).toBeNull();
    expect(records.map(({ runId, reason, field }) => [runId, reason, field])).toEqual([
      [second.runId, 'type_conflict', 'id'],
      [first.runId, 'null_key', 'id'],
      [first.runId, 'type_conflict', 'id'],
    ]);
    expect(stringifyJson(records[2]?.record)).toBe(text);
    expect(records[0]).toMatchObject({ syncId: first.syncId, stream: 'items', lane: 'live', at: expect.any(Date) });

    const ids = async (request: Partial<QuarantineRequest>) => (await read({ syncIds, ...request })).records.length;
    expect(await ids({ runId: second.runId })).toBe(1);
    expect(await ids({ reason: 'null_key' })).toBe(1);
    expect(await ids({ field: 'id', reason: 'type_conflict' })).toBe(2);
    expect(await ids({ field: 'name' })).toBe(0);
    expect(await ids({ stream: 'others' })).toBe(0);
    expect(await ids({ since: new Date(Date.now() + 60_000) })).toBe(0);
    expect(await ids({ since: new Date(0), until: new Date(Date.now() + 60_000) })).toBe(3);
    expect(await ids({ installation: 'another' })).toBe(0);
    expect((await read({ syncIds: [other.syncId] })).records).toHaveLength(1);

    const page = await read({ syncIds, limit: 2 });
    expect(page.records).toHaveLength(2);
    expect((await read({ syncIds, limit: 2, before: page.next })).records.map(({ id }) => id)).toEqual([records[2]?.id]);
  });

  test('a page holds as many large records as fit, one at least', async () => {
    const stream = new TestStream({ mode: 'incremental_upsert', cursorField: null });
    const large = (megabytes: number) => ({ name: 'x'.repeat(megabytes * 1024 * 1024) });
    const ref = await wholeRun(destination, stream, [large(3), large(3), large(3), large(20)]);
    const sizes: number[] = [];
    for (let before: string | null = null, pages = 0; pages < 5; pages += 1) {
      const page = await read({ syncIds: [ref.syncId], before });
      sizes.push(page.records.length);
      before = page.next;
      if (before === null) break;
    }
    expect(sizes).toEqual([1, 2, 1]);
  });
}
