import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { endDelivery, storeEvent } from '../../libs/events/index.js';
import { createSecretBox } from '../../libs/secrets/index.js';
import * as store from '../../libs/store/index.js';
import type { ApiClient } from '../support/api-client.js';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

/** In an address, and nowhere else. */
const MARKER = 'marker-90ee';

let world: ApiWorld;
let client: ApiClient;
let pool: store.Pool;
let workspaceId: string;

beforeAll(async () => {
  world = await startApiWorld();
  client = world.client;
  pool = store.createPool(world.database.url);
  workspaceId = await store.getDefaultWorkspaceId(pool);
});
afterAll(async () => {
  await pool?.end();
  await world?.stop();
});

const PATH = '/v1/webhook-endpoints';
const url = `https://hooks.example.com/services?token=${MARKER}`;
const make = async (body: object = {}) => {
  const made = await client.post(PATH, { url, ...body });
  expect(made).toMatchObject({ status: 201 });
  expect(made.headers.get('location')).toBe(`${PATH}/${String(made.body.id)}`);
  return made.body;
};
const deliveries = async (id: unknown, query = '') =>
  (await client.get(`${PATH}/${String(id)}/deliveries?limit=100${query}`)).body;
const problem = (status: number, code: string) => ({ status, body: { code } });

describe('the administration of webhook endpoints', () => {
  it('shows the secret once, and keeps address and secret encrypted', async () => {
    const made = await make();
    const shown = { types: ['*'], description: null, enabled: true, disabled_by: null, failing: false, old_secret_until: null };
    expect(made).toMatchObject({ ...shown, url, secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
    const again = await client.get(`${PATH}/${String(made.id)}`);
    expect(again).toMatchObject({ status: 200, body: { ...shown, url } });
    expect(again.body).not.toHaveProperty('secret');
    const { rows } = await pool.query<{ row: string }>(
      `SELECT e::text || encode(sealed, 'escape') AS row FROM control.webhook_endpoint e`,
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(MARKER);
    expect(await client.delete(`${PATH}/${String(made.id)}`)).toMatchObject({ status: 204 });
    expect(await client.get(`${PATH}/${String(made.id)}`)).toMatchObject(problem(404, 'NOT_FOUND'));
  });

  it('lists, changes and deletes them', async () => {
    const ids = [(await make()).id, (await make({ types: ['run.*'], description: 'to the team', enabled: false })).id];
    const first = await client.get(`${PATH}?limit=1`);
    expect(first.body.data.map(({ id }) => id)).toEqual(ids.slice(0, 1));
    const second = await client.get(`${PATH}?limit=1&cursor=${String(first.body.next_cursor)}`);
    expect(second.body.data).toMatchObject([{ id: ids[1], description: 'to the team', enabled: false, disabled_by: 'request' }]);
    const at = `${PATH}/${String(ids[1])}`;
    const changes = { url: 'https://example.org/in', types: ['run.failed'], description: null, enabled: true };
    expect(await client.patch(at, changes)).toMatchObject({ status: 200, body: { ...changes, id: ids[1], disabled_by: null } });
    expect(await client.patch(at, {})).toMatchObject({ status: 200, body: changes });
    for (const id of ids) expect(await client.delete(`${PATH}/${String(id)}`)).toMatchObject({ status: 204 });
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', ':rotate'],
      ['POST', ':test'],
      ['GET', '/deliveries'],
      ['POST', '/deliveries:replay'],
      ['POST', `/deliveries/${randomUUID()}:replay`],
    ] as const)
      expect(await client.call(method, at + path, method === 'GET' ? undefined : {})).toMatchObject(problem(404, 'NOT_FOUND'));
  });

  it('refuses addresses that may not be called, and what cannot be, with the place', async () => {
    for (const [wrong, place] of [
      [{ url: 'http://hooks.example.com/' }, '/url'],
      [{ url: 'ftp://hooks.example.com/' }, '/url'],
      [{ url: 'https://me:pass@hooks.example.com/' }, '/url'],
      [{ url: 'https://169.254.169.254/latest/' }, '/url'],
      [{ url: 'https://[::ffff:127.0.0.1]/' }, '/url'],
      [{ url: 'nowhere' }, '/url'],
      [{ types: [] }, '/types'],
      [{ types: ['run'] }, '/types/0'],
      [{ types: ['*.failed'] }, '/types/0'],
      [{ secret: 'mine' }, '/secret'],
    ] as const) {
      const refused = await client.post(PATH, { url, ...wrong });
      expect(refused).toMatchObject(problem(422, 'VALIDATION_FAILED'));
      expect(refused.body.errors?.map(({ path }) => path)).toContain(place);
    }
    expect(await client.post(PATH, {})).toMatchObject({ status: 422, body: { errors: [{ path: '/url' }] } });
    // Named by SLUICE_EGRESS_ALLOW.
    const allowed = await make({ url: `${world.shop.address}/in` });
    expect(await client.patch(`${PATH}/${String(allowed.id)}`, { url: 'http://example.com/' })).toMatchObject(
      problem(422, 'VALIDATION_FAILED'),
    );
    await client.delete(`${PATH}/${String(allowed.id)}`);
    const made = await Promise.all(Array.from({ length: 52 }, () => client.post(PATH, { url, enabled: false })));
    expect(made.filter(({ status }) => status === 201)).toHaveLength(50);
    for (const { status, body } of made) if (status === 201) await client.delete(`${PATH}/${String(body.id)}`);
  });

  it('tries again what a filter names, from the beginning and with the same ids', async () => {
    const { id } = await make();
    const sent = [];
    for (let n = 0; n < 3; n += 1) sent.push((await client.post(`${PATH}/${String(id)}:test`)).body.id);
    await pool.query(
      `UPDATE control.endpoint_delivery SET state = CASE WHEN id = $1 THEN 'succeeded' ELSE 'failed' END, attempts = 10, finished_at = now()
       WHERE endpoint_id = $2`,
      [sent[0], id],
    );
    expect((await deliveries(id, '&state=failed')).data.map((one) => one.id)).toEqual([sent[2], sent[1]]);
    expect(await client.get(`${PATH}/${String(id)}/deliveries?state=lost`)).toMatchObject(problem(422, 'VALIDATION_FAILED'));
    const replay = (body: object) => client.post(`${PATH}/${String(id)}/deliveries:replay`, body);
    expect(await replay({ type: 'run.failed' })).toMatchObject({ status: 200, body: { deliveries: 0 } });
    expect(await replay({ until: '2020-01-01T00:00:00Z' })).toMatchObject({ body: { deliveries: 0 } });
    expect(await replay({ state: 'pending' })).toMatchObject(problem(422, 'VALIDATION_FAILED'));
    expect(await replay({})).toMatchObject({ body: { deliveries: 2 } });
    expect(await client.post(`${PATH}/${String(id)}/deliveries/${String(sent[0])}:replay`)).toMatchObject({
      ...{ status: 200, body: { id: sent[0], state: 'pending', attempts: 0, finished_at: null } },
    });
    expect((await deliveries(id, '&state=pending')).data).toHaveLength(3);
    await client.delete(`${PATH}/${String(id)}`);
    expect((await pool.query('SELECT FROM control.endpoint_delivery WHERE endpoint_id = $1', [id])).rowCount).toBe(0);
  });
});

describe('what happens', () => {
  it('is written with what it is about, or not at all, for those who want it', async () => {
    const box = createSecretBox({ current: Buffer.alloc(32, 1) });
    const wants = (types: string[], enabled = true) => make({ types, enabled });
    const [all, events, runs, off] = [
      await wants(['*']),
      await wants(['event.*']),
      await wants(['run.*']),
      await wants(['*'], false),
    ];
    const flow = await store.inTransaction(pool, async (tx) => {
      const { rows } = await tx.query<{ id: string }>(
        `INSERT INTO control.flow (workspace_id, name, version) VALUES ($1, 'f', 1) RETURNING id`,
        [workspaceId],
      );
      const flowId = String(rows[0]?.id);
      const subscriptions = [{ workspaceId, connectionId: null, eventType: 'thing.done', flowVersion: 1 }];
      await store.replaceSubscriptions(tx, { flowId, subscriptions });
      return flowId;
    });
    const event = { workspaceId, connectionId: null, kind: 'webhook' as const, type: 'thing.done', occurredAt: null };
    const stored = await storeEvent(pool, box, { ...event, dedupeKey: 'one', body: `{"secret":"${MARKER}"}` });
    expect(stored.deliveries).toBe(1);
    const [delivery] = await store.listDeliveries(pool, { eventId: stored.id });
    expect(delivery).toMatchObject({ flowId: flow });
    const end = { id: String(delivery?.id), state: 'failed' as const, error: 'INTERNAL' as const };
    const undone = store.inTransaction(pool, async (tx) => {
      await endDelivery(tx, end);
      throw new Error('never mind');
    });
    await expect(undone).rejects.toThrow('never mind');
    expect((await deliveries(all.id)).data).toEqual([]);
    await store.inTransaction(pool, (tx) => endDelivery(tx, end));
    await store.inTransaction(pool, (tx) => endDelivery(tx, end));
    for (const { id } of [all, events])
      expect((await deliveries(id)).data).toMatchObject([
        { type: 'event.failed', state: 'pending', data: { event_id: stored.id, kind: 'webhook', type: 'thing.done' } },
      ]);
    for (const { id } of [runs, off]) expect((await deliveries(id)).data).toEqual([]);
    expect(JSON.stringify((await deliveries(all.id)).data)).not.toContain(MARKER);
  });

  it('is forgotten some time after it was last due, and not while it is tried', async () => {
    const { id } = await make({ types: ['run.*'] });
    const ids = [];
    for (let n = 0; n < 4; n += 1) ids.push((await client.post(`${PATH}/${String(id)}:test`)).body.id);
    const age = (of: unknown, days: number, state: string) =>
      pool.query(`UPDATE control.endpoint_delivery SET due_at = now() - make_interval(days => $2), state = $3 WHERE id = $1`, [
        ...[of, days, state],
      ]);
    await age(ids[0], 3, 'failed');
    await age(ids[1], 3, 'pending');
    await age(ids[2], 6, 'pending');
    expect(await store.purgeEndpointDeliveries(pool, { days: 2, pendingDays: 5, limit: 1 })).toBe(1);
    expect(await store.purgeEndpointDeliveries(pool, { days: 2, pendingDays: 5, limit: 10 })).toBe(1);
    expect((await deliveries(id)).data.map((one) => one.id)).toEqual([ids[3], ids[1]]);
  });
});
