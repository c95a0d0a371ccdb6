import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import { RECORD_CHANGES } from '../../libs/contracts/flow-events.js';
import { METADATA } from '../../libs/contracts/metadata.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { commitChunk, item, items, page, slice, TestStream, wholeRun } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
  destination = world.connect();
});
afterAll(async () => {
  await destination.close();
  await world.close();
});

const heard = (target: Partial<StreamTarget> & Pick<StreamTarget, 'mode'>) =>
  new TestStream({ changes: RECORD_CHANGES, ...target });
const read = ({ installation, syncId }: StreamRef, limit = 1_000) =>
  destination.outbox?.read({ installation, syncId, limit }) ?? Promise.reject(new Error('no outbox'));

/** Takes what is in the outbox: `inserted 3`. */
async function taken(ref: StreamRef): Promise<string[]> {
  const changes = await read(ref);
  await destination.outbox?.remove({ ids: changes.map(({ id }) => id) });
  return changes.map(({ change, record }) => `${change} ${String((JSON.parse(record) as SourceRecord)['id'])}`).sort();
}
const triggers = async (table: string): Promise<number> => {
  const { rowCount } = await world.sql.query(
    `SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relname = $1`,
    [table],
  );
  return rowCount ?? 0;
};

describe.each(['exact', 'none'] as const)('resume %s', (resume) => {
  test('an upsert tells of each record that it really inserted or changed, and of no other', async () => {
    const stream = heard({ mode: 'incremental_upsert', resume, metadata: METADATA });
    const first = await wholeRun(destination, stream, [...items(1, 3), item(2)]);
    const [change, ...more] = await read(first);
    expect(more).toHaveLength(2);
    expect(change).toEqual({
      ...{ id: expect.any(String), stream: 'items', lane: 'live', runId: first.runId, change: 'inserted', at: expect.any(Date) },
      record: expect.any(String),
    });
    expect(JSON.parse(change?.record ?? '')).toEqual(item(1));
    expect(await taken(first)).toEqual(['inserted 1', 'inserted 2', 'inserted 3']);
    // Unchanged, older, changed, new; most of a chunk unchanged takes another way through the merge.
    const ref = await wholeRun(destination, stream, [item(2), item(1, 0, 'older'), item(3, 9, 'changed'), item(4)]);
    expect(await taken(ref)).toEqual(['inserted 4', 'updated 3']);
    const idle = await wholeRun(destination, stream, [...items(1, 2), item(3, 9, 'changed'), item(4), item(5)]);
    expect(await taken(idle)).toEqual(['inserted 5']);
  });

  test('an append tells of what it adds', async () => {
    const stream = heard({ mode: 'incremental_append', resume });
    const ref = await wholeRun(destination, stream, items(1, 3));
    expect(await taken(ref)).toEqual(['inserted 1', 'inserted 2', 'inserted 3']);
    expect(await taken(await wholeRun(destination, stream, [item(3), item(4)]))).toEqual(['inserted 4']);
  });
});

test('a full refresh that adds tells of its records when they are visible', async () => {
  const stream = heard({ mode: 'full_refresh_append', cursorField: null });
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
  await writer.write(page(items(1, 2)));
  await writer.complete(null, (state) => state);
  await writer.close();
  expect(await taken(ref)).toEqual([]);
  await destination.finish({ ref, target });
  expect(await taken(ref)).toEqual(['inserted 1', 'inserted 2']);
});

test('deletes are told of as they are made: by a tombstone, or because a whole read missed the key', async () => {
  const jsonSchema = { properties: { id: { type: 'integer' }, gone: { type: 'boolean' } } };
  for (const as of ['soft', 'hard'] as const) {
    const deletes = { when: { field: 'gone' }, as, missing: as, allowEmpty: false };
    const stream = heard({ mode: 'incremental_upsert', deletes, jsonSchema, cursorField: null });
    const three = [{ id: 1 }, { id: 2 }, { id: 3 }];
    expect(await taken(await wholeRun(destination, stream, three))).toEqual(['inserted 1', 'inserted 2', 'inserted 3']);
    const ref = await wholeRun(destination, stream, [{ id: 1 }, { id: 2, gone: true }]);
    expect(await taken(ref)).toEqual(['deleted 2', 'deleted 3']);
  }
});

test('what was not committed is not told of, nor what others do to the table, nor a stream that is loaded anew', async () => {
  const stream = heard({ mode: 'incremental_upsert' });
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
  await commitChunk(writer, [item(1)], 1);
  await writer.write(page([item(2)]));
  await writer.close();
  const next = await destination.open({ ref, target, slice: slice(), fence: 2 });
  await next.write(page([item(2), item(3)]));
  await next.complete(null, (state) => state);
  await next.close();
  await destination.finish({ ref, target });
  expect(await taken(ref)).toEqual(['inserted 1', 'inserted 2', 'inserted 3']);

  await world.sql.query(`UPDATE "${target.table}" SET name = 'by hand'`);
  await world.sql.query(`DELETE FROM "${target.table}" WHERE id = 1`);
  expect(await taken(ref)).toEqual([]);
  await destination.reset({ ref: stream.nextRun(), target });
  expect(await taken(await wholeRun(destination, stream, items(1, 3)))).toEqual([]);
  expect(await taken(await wholeRun(destination, stream, [item(1, 9, 'changed')]))).toEqual(['updated 1']);
});

test('a stream tells of the changes that are waited for; one that nobody waits for any more has no trigger, and tells of none', async () => {
  const stream = heard({ mode: 'incremental_upsert', changes: ['updated'] });
  const ref = await wholeRun(destination, stream, items(1, 2));
  expect(await taken(ref)).toEqual([]);
  expect(await taken(await wholeRun(destination, stream, [item(2, 9, 'changed'), item(3)]))).toEqual(['updated 2']);
  expect(await triggers(stream.target.table)).toBe(3);
  Object.assign(stream, { target: { ...stream.target, changes: [] } });
  expect(await taken(await wholeRun(destination, stream, [item(2, 10, 'again')]))).toEqual([]);
  expect(await triggers(stream.target.table)).toBe(0);
});

test('modes whose tables are replaced, or hold versions, tell of nothing', async () => {
  for (const mode of ['full_refresh_overwrite', 'scd2'] as const) {
    const stream = heard({ mode });
    expect(await taken(await wholeRun(destination, stream, items(1, 2)))).toEqual([]);
    expect(await triggers(stream.target.table)).toBe(0);
  }
});

test('columns may be called as anything, numbers keep their digits, and a page of changes is bounded', async () => {
  const jsonSchema = {
    properties: {
      id: { type: 'integer' },
      ...Object.fromEntries(['said', 'doc', 'r', 'change', 'operation', 'n'].map((name) => [name, {}])),
    },
  };
  const stream = heard({ mode: 'incremental_upsert', jsonSchema, cursorField: null });
  const ref = await wholeRun(destination, stream, [
    { id: 1, said: 'x', doc: { a: 1 }, r: 'r', change: 'c', operation: 'o', n: 0.1 },
  ]);
  await world.sql.query(`UPDATE sluice.outbox SET record = record || '{"n": 12345678901234567890.123}'`);
  const [change] = await read(ref);
  expect(change?.record).toContain('12345678901234567890.123');
  expect(await taken(ref)).toEqual(['inserted 1']);
  const large = 'x'.repeat(3 * 1024 * 1024);
  await wholeRun(
    destination,
    stream,
    [2, 3].map((id) => ({ id, said: large })),
  );
  expect(await read(ref)).toHaveLength(1);
  expect(await read(ref, 1)).toHaveLength(1);
  expect(await taken(ref)).toHaveLength(1);
  expect(await taken(ref)).toHaveLength(1);
});
