import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { endDelivery, openBody, storeEvent, storeRecordEvents, type IncomingEvent } from '../../libs/events/index.js';
import { createSecretBox } from '../../libs/secrets/index.js';
import * as store from '../../libs/store/index.js';
import { storeWithAccount, type AccountStore } from '../support/store-with-account.js';

const secrets = createSecretBox({ current: Buffer.alloc(32, 3) });
let account: AccountStore;
let pool: store.Pool;
let workspaceId: string;
let connectionId: string;

beforeAll(async () => {
  account = await storeWithAccount('events');
  ({ pool, workspaceId, connectionId } = account);
});
afterAll(async () => {
  await account?.close();
});

const incoming = (given: Partial<IncomingEvent> = {}): IncomingEvent => ({
  ...{ workspaceId, connectionId, kind: 'webhook', type: 'order.paid', dedupeKey: randomUUID(), occurredAt: null },
  body: '{"amount":9007199254740993}',
  ...given,
});
const subscribe = async (eventType: string, connection: string | null = connectionId, flowVersion = 1, subject?: string) => {
  const flowId = randomUUID();
  const subscriptions = [
    { workspaceId, connectionId: connection, eventType, flowVersion, ...(subject === undefined ? {} : { subject }) },
  ];
  await store.inTransaction(pool, (tx) => store.replaceSubscriptions(tx, { flowId, subscriptions }));
  return flowId;
};
const end = (id: string, state: 'succeeded' | 'failed') =>
  store.inTransaction(pool, (tx) => endDelivery(tx, { id, state, ...(state === 'failed' ? { error: 'ACTION_REFUSED' } : {}) }));
const stateOf = async (id: string) => (await store.getEvent(pool, { id }))?.state;

test('an event is stored once with a delivery to each flow that wants it; what no flow wants has none', async () => {
  const paid = await subscribe('order.paid');
  const all = await subscribe('*');
  await subscribe('order.paid', null);
  await subscribe('order.refunded');
  const event = incoming();
  const raced = await Promise.all(Array.from({ length: 16 }, () => storeEvent(pool, secrets, event)));
  expect(raced.filter(({ isNew }) => isNew)).toEqual([{ id: expect.any(String), isNew: true, deliveries: 2 }]);
  expect(new Set(raced.map(({ id }) => id)).size).toBe(1);
  const id = raced[0]!.id;
  const row = await store.getEvent(pool, { id });
  expect(row).toMatchObject({ type: 'order.paid', state: 'pending', dedupeKey: event.dedupeKey });
  expect(openBody(secrets, row!)).toBe('{"amount":9007199254740993}');
  expect(row!.body.includes('9007199254740993')).toBe(false);
  const deliveries = await store.listDeliveries(pool, { eventId: id });
  expect(deliveries.map(({ flowId }) => flowId).sort()).toEqual([paid, all].sort());

  await store.inTransaction(pool, (tx) => store.replaceSubscriptions(tx, { flowId: all, subscriptions: [] }));
  const lonely = await storeEvent(pool, secrets, incoming({ type: 'nobody.cares' }));
  expect(lonely).toMatchObject({ isNew: true, deliveries: 0 });
  expect(await stateOf(lonely.id)).toBe('unmatched');
});

test('a change of a record is one event, however often it is taken from the outbox, with every digit of it', async () => {
  const flow = await subscribe('record.updated', null, 1, 'the sync/orders');
  await subscribe('record.updated', null, 1, 'the sync/lines');
  const sync = { id: 'the sync', workspaceId, name: 'nightly' };
  const change = { stream: 'orders', lane: 'live', runId: 'run', change: 'updated', at: new Date() } as const;
  const changes = [1, 2].map((n) => ({ ...change, id: randomUUID(), record: `{"id":${n},"total":9007199254740993.10}` }));
  await storeRecordEvents({ pool, secrets }, { sync, changes: changes.slice(0, 1) });
  await Promise.all([1, 2].map(() => storeRecordEvents({ pool, secrets }, { sync, changes })));
  const { rows } = await store.listEvents(pool, {
    ...{
      workspaceId,
      connectionId: null,
      kind: 'record',
      type: 'record.updated',
      subject: 'the sync/orders',
      state: 'pending',
      since: null,
      until: null,
    },
    ...{ limit: 10, after: null },
  });
  expect(rows).toHaveLength(2);
  const first = await store.getEvent(pool, { id: rows[1]!.id });
  expect(openBody(secrets, first!)).toBe(
    '{"sync":{"id":"the sync","name":"nightly"},"stream":"orders","run":{"id":"run","lane":"live"},"change":"updated",' +
      '"record":{"id":1,"total":9007199254740993.10}}',
  );
  expect((await store.listDeliveries(pool, { eventId: first!.id })).map(({ flowId }) => flowId)).toEqual([flow]);
});

test('the same id of another connection, or of the system, is another event', async () => {
  const dedupeKey = randomUUID();
  for (const connection of [connectionId, null]) {
    const event = incoming({ connectionId: connection, dedupeKey, type: 'sync.failed' });
    expect((await storeEvent(pool, secrets, event)).isNew).toBe(true);
    expect((await storeEvent(pool, secrets, event)).isNew).toBe(false);
  }
});

test('what is rolled back is not there, deliveries included', async () => {
  const flow = await subscribe('rolled.back');
  const event = incoming({ type: 'rolled.back' });
  const undone = store.inTransaction(pool, async (tx) => {
    expect(await storeEvent(tx, secrets, event)).toMatchObject({ isNew: true, deliveries: 1 });
    throw new Error('no');
  });
  await expect(undone).rejects.toThrow('no');
  expect(await storeEvent(pool, secrets, event)).toMatchObject({ isNew: true, deliveries: 1 });
  const { rows } = await pool.query('SELECT FROM control.delivery WHERE flow_id = $1', [flow]);
  expect(rows).toHaveLength(1);
});

test('an event has ended when each flow has, and a replay counts anew', async () => {
  await Promise.all([subscribe('twice'), subscribe('twice')]);
  const { id } = await storeEvent(pool, secrets, incoming({ type: 'twice' }));
  const [first, second] = (await store.listDeliveries(pool, { eventId: id })).map((delivery) => delivery.id) as [string, string];
  await store.markDeliveriesStarted(pool, { ids: [first, second] });
  // Both at once: neither may look past the other.
  await Promise.all([end(first, 'succeeded'), end(second, 'failed')]);
  expect(await stateOf(id)).toBe('failed');
  await end(second, 'succeeded');
  expect(await store.getDelivery(pool, { id: second })).toMatchObject({ state: 'failed', error: 'ACTION_REFUSED' });

  const replayed = await store.inTransaction(pool, async (tx) => {
    await store.lockEvent(tx, { id });
    // What a flow still has before it, it does not get once more.
    return [await store.insertReplays(tx, { eventIds: [id] }), await store.insertReplays(tx, { eventIds: [id] })];
  });
  expect(replayed).toEqual([2, 0]);
  expect(await stateOf(id)).toBe('pending');
  const again = (await store.listDeliveries(pool, { eventId: id })).filter(({ round }) => round === 1);
  await Promise.all(again.map((delivery) => end(delivery.id, 'succeeded')));
  expect(await stateOf(id)).toBe('succeeded');
});

test('old events go, those that a flow still has before it stay', async () => {
  await subscribe('kept');
  const kept = await storeEvent(pool, secrets, incoming({ type: 'kept' }));
  const gone = await storeEvent(pool, secrets, incoming({ type: 'gone' }));
  const recent = await storeEvent(pool, secrets, incoming({ type: 'recent' }));
  await pool.query(`UPDATE control.event SET received_at = now() - interval '40 days' WHERE id = ANY($1)`, [[kept.id, gone.id]]);
  expect(await store.purgeEvents(pool, { days: 30, limit: 1_000 })).toBe(1);
  expect([await stateOf(kept.id), await stateOf(gone.id), await stateOf(recent.id)]).toEqual(['pending', undefined, 'unmatched']);
});

test('a delivery is claimed by one relay at a time, and comes back when that one is gone', async () => {
  await pool.query(`UPDATE control.delivery SET state = 'succeeded'`);
  await subscribe('claimed');
  for (let index = 0; index < 5; index++) await storeEvent(pool, secrets, incoming({ type: 'claimed' }));
  const claim = (claimMs: number, limit = 3) => store.claimDeliveries(pool, { limit, claimMs });
  const [one, other] = await Promise.all([claim(60_000), claim(60_000)]);
  expect([one.length, other.length].toSorted()).toEqual([2, 3]);
  expect(new Set([...one, ...other]).size).toBe(5);
  expect(await claim(60_000)).toEqual([]);
  await store.markDeliveriesStarted(pool, { ids: one });
  await store.releaseDeliveries(pool, { ids: [...one, ...other] });
  expect((await claim(0, 10)).toSorted()).toEqual(other.toSorted());
  // Claimed for no time at all, as by one that died long ago.
  expect((await claim(60_000, 10)).toSorted()).toEqual(other.toSorted());
});
