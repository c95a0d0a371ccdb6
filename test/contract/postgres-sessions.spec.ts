import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PostgresDestination, parsePostgresConfig, SessionStore } from '../../libs/destinations/postgres/index.js';
import { items, page, slice, TestStream } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
beforeAll(async () => {
  world = await postgresWorld();
});
afterAll(() => world?.close());

/** As another window of the same process, or (without a store) of another one. */
const window = (sessions?: SessionStore, max_connections = 16, applicationName = 'windows'): PostgresDestination =>
  new PostgresDestination({
    config: parsePostgresConfig({
      host: world.address.host,
      port: world.address.port,
      database: world.sql.database,
      user: world.sql.user,
      password: world.sql.password ?? '',
      max_connections,
    }),
    applicationName,
    ...(sessions === undefined ? {} : { sessions }),
  });
const pids = async (name: string): Promise<number[]> =>
  (
    await world.sql.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid', [name])
  ).rows.map(({ pid }) => pid);

test('a window goes on with the sessions of the one before; what stands alone ends its own', async () => {
  const sessions = new SessionStore();
  const stream = new TestStream({ mode: 'incremental_append' });
  const ref = stream.nextRun();
  const { target } = stream;
  const first = window(sessions);
  await first.prepare({ ref, target });
  const writer = await first.open({ ref, target, slice: slice(), fence: 1 });
  await writer.write(page(items(1, 3)));
  await writer.complete(null, () => null);
  await writer.close();
  await first.close();
  const kept = await pids('windows');
  expect(kept).toHaveLength(2);
  const second = window(sessions);
  await second.finish({ ref, target });
  expect(await second.inspect({ ref })).toMatchObject({ inserted: 3 });
  await second.close();
  expect(await pids('windows')).toEqual(kept);
  await sessions.close();
  const alone = window(undefined, 16, 'alone');
  await alone.inspect({ ref });
  await alone.close();
  await expect(untilGone('windows', 'alone')).resolves.toBeUndefined();
});

test('no more writers work at once than the connection allows; who waits has the place that is given back', async () => {
  const sessions = new SessionStore();
  const stream = new TestStream({ mode: 'incremental_append' });
  const ref = stream.nextRun();
  const { target } = stream;
  const windows = [1, 2, 3].map(() => window(sessions, 2, 'capped'));
  const [first, second, third] = windows as [PostgresDestination, PostgresDestination, PostgresDestination];
  await first.prepare({ ref, target });
  const [a, b] = [
    await first.open({ ref, target, slice: slice('a'), fence: 1 }),
    await second.open({ ref, target, slice: slice('b'), fence: 1 }),
  ];
  let opened = false;
  const waiting = third.open({ ref, target, slice: slice('c'), fence: 1 }).then((writer) => {
    opened = true;
    return writer;
  });
  expect((await pids('capped')).length).toBeLessThanOrEqual(2);
  await a.write(page(items(1, 2)));
  await a.complete(null, () => null);
  expect(opened).toBe(false);
  await a.close();
  const c = await waiting;
  await c.close();
  // A window that ends with its writer still open gives its place back too.
  await second.close();
  await expect(b.complete(null, () => null)).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
  const again = [window(sessions, 2, 'capped'), window(sessions, 2, 'capped')];
  const writers = await Promise.all(again.map((each, n) => each.open({ ref, target, slice: slice(`d${n}`), fence: 1 })));
  await Promise.all(writers.map((writer) => writer.close()));
  await Promise.all([...windows, ...again].map((each) => each.close()));
  await sessions.close();
});

async function untilGone(...names: string[]): Promise<void> {
  for (const name of names) while ((await pids(name)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
