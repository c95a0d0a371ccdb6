import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { EventIntake, type IncomingEvent } from '../../libs/events/index.js';
import { createSecretBox } from '../../libs/secrets/index.js';
import * as store from '../../libs/store/index.js';
import { storeWithAccount, type AccountStore } from '../support/store-with-account.js';

const secrets = createSecretBox({ current: Buffer.alloc(32, 3) });
let account: AccountStore;
let pool: store.Pool;
let workspaceId: string;
let connectionId: string;

beforeAll(async () => {
  account = await storeWithAccount('intake');
  ({ pool, workspaceId, connectionId } = account);
  const subscriptions = [{ workspaceId, connectionId, eventType: 'paid', flowVersion: 1 }];
  await store.inTransaction(pool, (tx) => store.replaceSubscriptions(tx, { flowId: randomUUID(), subscriptions }));
});
afterAll(async () => {
  await account?.close();
});

const incoming = (dedupeKey: string, type = 'paid'): IncomingEvent => ({
  ...{ workspaceId, connectionId, kind: 'webhook', type, dedupeKey, occurredAt: null, body: '{"a":"\\\\ \\" {,}"}' },
});
const keysInOrder = async (prefix: string): Promise<string[]> => {
  const { rows } = await pool.query<{ key: string }>(
    `SELECT e.dedupe_key AS key FROM control.event e JOIN control.delivery d ON d.event_id = e.id
     WHERE starts_with(e.dedupe_key, $1) ORDER BY d.seq`,
    [prefix],
  );
  return rows.map(({ key }) => key);
};

test('what comes while others are being stored goes together, in its order, and nobody hears of it before the commit', async () => {
  const intake = new EventIntake(store.prepared(pool), secrets);
  const statements = jest.spyOn(pool, 'query');
  // Ids whose order is not that in which they come.
  const keys = Array.from({ length: 100 }, (_, index) => `held-${(index * 37) % 100}`);
  let heard = 0;
  let storing: Promise<unknown> | undefined;
  await store.inTransaction(pool, async (tx) => {
    await tx.query('LOCK TABLE control.event IN SHARE MODE');
    storing = Promise.all(keys.map((key) => intake.store(incoming(key)).then((stored) => ((heard += 1), stored))));
    const waiting = `SELECT count(*) AS count FROM pg_locks WHERE relation = 'control.event'::regclass AND NOT granted`;
    while ((await tx.query<{ count: number }>(waiting)).rows[0]?.count !== 2);
    expect(heard).toBe(0);
  });
  const stored = await storing;
  const inserts = statements.mock.calls.filter(([query]) =>
    (query as unknown as { text?: string }).text?.includes('INSERT INTO control.event'),
  );
  statements.mockRestore();
  expect(stored).toEqual(keys.map(() => ({ id: expect.any(String), isNew: true, deliveries: 1 })));
  expect(inserts).toHaveLength(4);
  const order = await keysInOrder('held-');
  expect(order.toSorted()).toEqual(keys.toSorted());
  // Two statements are under way at once: which of two comes first is not said, only the order within each.
  for (const together of [keys.slice(2, 66), keys.slice(66)])
    expect(order.filter((key) => together.includes(key))).toEqual(together);
});

test('events that come again, in any order, at the same moment and to two processes, are stored once', async () => {
  const [one, other] = [new EventIntake(store.prepared(pool), secrets), new EventIntake(store.prepared(pool), secrets)];
  const keys = Array.from({ length: 300 }, (_, index) => `raced-${index}`);
  const all = await Promise.all([
    ...keys.map((key) => one.store(incoming(key))),
    ...keys.toReversed().map((key) => other.store(incoming(key))),
    ...keys.map((key) => one.store(incoming(key))),
  ]);
  expect(all.filter(({ isNew }) => isNew)).toHaveLength(300);
  expect(new Set(all.map(({ id }) => id)).size).toBe(300);
  expect((await keysInOrder('raced-')).toSorted()).toEqual(keys.toSorted());
});

test('one that cannot be stored takes nobody with it', async () => {
  const intake = new EventIntake(store.prepared(pool), secrets);
  const types = ['a', 'b', 'c', 'no\0type', 'd', 'e'];
  const settled = await Promise.allSettled(types.map((type) => intake.store(incoming(`type-${type.slice(0, 2)}`, type))));
  expect(settled.map(({ status }) => status)).toEqual(types.map((type) => (type.length > 1 ? 'rejected' : 'fulfilled')));
});

test('a database that is away is told to all who wait', async () => {
  const closed = store.createPool('postgres://nobody@127.0.0.1:9/none');
  const intake = new EventIntake(closed, secrets);
  const settled = await Promise.allSettled(Array.from({ length: 5 }, (_, index) => intake.store(incoming(`away-${index}`))));
  expect(settled).toEqual(settled.map(() => ({ status: 'rejected', reason: expect.objectContaining({ code: 'ECONNREFUSED' }) })));
  await closed.end();
});
