import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import { WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { byId, commitChunk, items, page, slice, TestStream } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
let proxy: TcpProxy;
/** Goes through the proxy. */
let distant: Destination;
/** Goes straight there. */
let near: Destination;
beforeAll(async () => {
  world = await postgresWorld();
});
beforeEach(async () => {
  proxy = await startTcpProxy(world.address);
  distant = world.connectAs({ host: '127.0.0.1', port: proxy.port });
  near = world.connect();
});
afterEach(async () => {
  await Promise.all([distant.close(), near.close()]);
  await proxy.close();
});
afterAll(() => world.close());

/** Everything a run needs until the first chunk is in: records 1 to 3 at position 3. */
async function begin(stream: TestStream) {
  const ref = stream.nextRun();
  const { target } = stream;
  await near.prepare({ ref, target });
  const writer = await distant.open({ ref, target, slice: slice(), fence: 1 });
  await commitChunk(writer, items(1, 3), { after: 3 });
  return { ref, target, writer };
}

/** What a successor does: it goes on from the position that it is given, up to record 12. */
async function goOn(stream: TestStream, ref: StreamRef): Promise<void> {
  const { target } = stream;
  const began = Date.now();
  const writer = await near.open({ ref, target, slice: slice(), fence: 2 });
  expect(Date.now() - began).toBeLessThan(5_000);
  const from = (writer.position as { after: number } | null)?.after ?? 0;
  if (from < 12) {
    await writer.write(page(items(from + 1, 12), { after: 12 }));
    await writer.commit({ after: 12 });
  }
  await writer.complete({ after: 12 }, () => null);
  await writer.close();
  await near.finish({ ref, target });
  expect(Date.now() - began).toBeLessThan(5_000);
  expect(byId(await world.rows(target.table))).toEqual(byId(items(1, 12)));
  expect(await near.inspect({ ref })).toMatchObject({ read: 12, inserted: 12 });
}

/** Waits for what the server says about itself. */
async function until(sql: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await world.sql.query(sql)).rowCount === 0) {
    if (Date.now() > deadline) throw new Error(`never true: ${sql}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const COPYING = `SELECT FROM pg_stat_progress_copy WHERE datname = current_database()`;

describe.each(WRITE_MODES)('%s', (mode) => {
  test.each(['inside COPY', 'between COPY and commit', 'while it is idle'])(
    'goes on after the connection was cut %s',
    async (when) => {
      const stream = new TestStream({ mode });
      const { ref, writer } = await begin(stream);
      await writer.commit({ after: 3 }); // the chunk before is in
      if (when !== 'while it is idle') await writer.write(page(items(4, 8), { after: 8 }));
      if (when === 'between COPY and commit') {
        proxy.freeze({ answers: false });
        const commit = writer.commit({ after: 8 });
        proxy.cut();
        await expect(commit).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
      } else proxy.cut();
      await expect(
        (async () => {
          for (let n = 0; n < 50; n += 1) await commitChunk(writer, items(90, 99), { after: 99 });
        })(),
      ).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
      await writer.close();
      await goOn(stream, ref);
    },
  );

  test('goes on after a COMMIT whose answer never came', async () => {
    const stream = new TestStream({ mode });
    const { ref, target, writer } = await begin(stream);
    await writer.write(page(items(4, 8), { after: 8 }));
    const ended = writer.commit({ after: 8 });
    // The COPY's end is answered, the commit is not.
    await ended;
    proxy.freeze({ requests: false });
    await until(`SELECT FROM sluice.checkpoint WHERE run_id = '${ref.runId}' AND seq = 2`);
    proxy.cut();
    await expect(
      (async () => {
        await writer.write(page(items(9, 10), { after: 10 }));
        await writer.commit({ after: 10 });
        await writer.complete({ after: 10 }, () => null);
      })(),
    ).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
    await writer.close();
    const again = await near.open({ ref, target, slice: slice(), fence: 2 });
    expect(again.position).toEqual({ after: 8 });
    await again.write(page(items(9, 12)));
    await again.complete({ after: 12 }, () => null);
    await again.close();
    await near.finish({ ref, target });
    expect(byId(await world.rows(target.table))).toEqual(byId(items(1, 12)));
  });

  test.each(['inside COPY', 'between COPY and commit'])(
    'a writer frozen %s neither blocks its successor nor writes late',
    async (when) => {
      const stream = new TestStream({ mode });
      const { ref, writer } = await begin(stream);
      await writer.commit({ after: 3 });
      await writer.write(page(items(4, 8), { after: 8 }));
      await until(COPYING);
      if (when === 'between COPY and commit') {
        // The COPY's end reaches the server, its answer does not reach the writer.
        proxy.freeze({ requests: false });
      } else proxy.freeze();
      const late = writer.commit({ after: 8 });
      late.catch(() => undefined);
      if (when === 'between COPY and commit')
        await until(`SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`);
      await goOn(stream, ref);
      proxy.thaw();
      await expect(
        (async () => {
          await late;
          await commitChunk(writer, items(90, 99), { after: 99 });
          await commitChunk(writer, items(90, 99), { after: 99 });
        })(),
      ).rejects.toMatchObject({ name: 'SluiceError' });
      await writer.close();
      expect(byId(await world.rows(stream.target.table))).toEqual(byId(items(1, 12)));
    },
  );

  test('a frozen writer does not keep the next run from changing the table', async () => {
    const stream = new TestStream({ mode });
    const { writer } = await begin(stream);
    await writer.write(page(items(4, 8), { after: 8 }));
    await until(COPYING);
    proxy.freeze();
    const properties = { ...stream.target.jsonSchema.properties, extra: { type: 'string' } };
    const target = { ...stream.target, jsonSchema: { properties } };
    const began = Date.now();
    await near.prepare({ ref: stream.nextRun(), target });
    expect(Date.now() - began).toBeLessThan(5_000);
    proxy.thaw();
    await expect(writer.commit({ after: 8 }).then(() => commitChunk(writer, [], { after: 9 }))).rejects.toMatchObject({
      name: 'SluiceError',
    });
    await writer.close();
  });
});

test('closing a writer whose server does not answer ends', async () => {
  const { writer } = await begin(new TestStream({ mode: 'incremental_append' }));
  await writer.commit({ after: 3 });
  await writer.write(page(items(4, 8), { after: 8 }));
  await until(COPYING);
  proxy.freeze();
  const began = Date.now();
  await writer.close();
  expect(Date.now() - began).toBeLessThan(20_000);
});

test('a staged slice frozen before its completion publishes nothing late', async () => {
  const stream = new TestStream({ mode: 'incremental_append', resume: 'none' });
  const ref = stream.nextRun();
  const { target } = stream;
  await near.prepare({ ref, target });
  const writer = await distant.open({ ref, target, slice: slice(), fence: 1 });
  await commitChunk(writer, items(1, 8), { after: 8 });
  await writer.write(page(items(9, 12)));
  await until(COPYING);
  proxy.freeze();
  const late = writer.complete(null, () => ({ late: true }));
  late.catch(() => undefined);
  await goOn(stream, ref);
  proxy.thaw();
  await expect(late).rejects.toMatchObject({ name: 'SluiceError' });
  await writer.close();
  expect(byId(await world.rows(target.table))).toEqual(byId(items(1, 12)));
});
