import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import {
  HOOKED_MANIFEST,
  HOOKED_SLUICE,
  SENDERS,
  type Scheme,
  type Sending,
  type Sent,
} from '../support/hooks/signed-requests.js';
import { ApiClient } from '../support/api-client.js';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';

/** In bodies and secrets, and nowhere else. */
const MARKER = 'marker-55d1';

let world: ApiWorld;
let client: ApiClient;
let provider: ApiClient;
let connection: string;
const hooks = new Map<string, { id: string; secret: string; verifyToken: string }>();

beforeAll(async () => {
  world = await startApiWorld();
  client = world.client;
  provider = new ApiClient(world.api.address, null);
  const added = await client.post('/v1/connectors', { name: 'hooked', manifest: HOOKED_MANIFEST, sluice: HOOKED_SLUICE });
  expect(added).toMatchObject({ status: 201, body: { webhooks: Object.keys(HOOKED_SLUICE.webhooks) } });
  connection = (await client.post('/v1/connections', { name: 'h', connector: 'hooked', config: {} })).body.id as string;
  for (const webhook of Object.keys(HOOKED_SLUICE.webhooks)) hooks.set(webhook, await makeHook({ webhook }));
});
afterAll(() => world?.stop());

async function makeHook(body: object): Promise<{ id: string; secret: string; verifyToken: string }> {
  const made = await client.post(`/v1/connections/${connection}/hooks`, body);
  expect(made).toMatchObject({ status: 201, body: { path: `/v1/hooks/${String(made.body.id)}`, url: null } });
  return { id: made.body.id as string, secret: made.body['secret'] as string, verifyToken: made.body['verify_token'] as string };
}
const hook = (webhook: string) => hooks.get(webhook)!;
const send = ({ headers, body }: Sent, id: string) => provider.post(`/v1/hooks/${id}`, body, headers);
const sign = (scheme: Scheme, sending: Partial<Sending> = {}): Sent =>
  SENDERS[scheme]({ secret: hook(scheme).secret, id: randomUUID(), ...sending });
const events = async (query = '') => (await client.get(`/v1/events?connection_id=${connection}&limit=100${query}`)).body.data;
const problem = (status: number, code: string) => ({ status, body: { code } });

describe('a hook', () => {
  it.each(Object.keys(SENDERS) as Scheme[])('%s: what is signed is stored once, whenever it comes', async (scheme) => {
    const id = randomUUID();
    const first = await send(sign(scheme, { id, more: { who: MARKER } }), hook(scheme).id);
    expect(first).toMatchObject({ status: 200, body: { event: expect.any(String), duplicate: false } });
    const again = await send(sign(scheme, { id, more: { who: MARKER } }), hook(scheme).id);
    expect(again).toMatchObject({ status: 200, body: { event: first.body['event'], duplicate: true } });
    const event = await client.get(`/v1/events/${String(first.body['event'])}?body=true`);
    expect(event.body).toMatchObject({ kind: 'webhook', connection_id: connection, state: 'unmatched', deliveries: [] });
    expect(event.body['provider_id']).toContain(id);
    expect(JSON.stringify(event.body['body'])).toContain(MARKER);
  });

  const SIGNED = (Object.keys(SENDERS) as Scheme[]).filter((scheme) => scheme !== 'none');
  it.each(SIGNED)('%s: another secret, another body or no signature is 401, and nothing is stored', async (scheme) => {
    const before = (await events()).length;
    const { id, secret } = hook(scheme);
    const other = secret.startsWith('whsec_') ? `whsec_${Buffer.alloc(32).toString('base64')}` : `${secret}x`;
    expect(await send(sign(scheme, { secret: other }), id)).toMatchObject(problem(401, 'SIGNATURE_INVALID'));
    const right = sign(scheme);
    if (scheme !== 'token')
      expect(await send({ ...right, body: `${right.body} ` }, id)).toMatchObject(problem(401, 'SIGNATURE_INVALID'));
    expect(await send({ body: right.body, headers: {} }, id)).toMatchObject(problem(401, 'SIGNATURE_INVALID'));
    // A forged signature is refused as one, whatever is in the body.
    expect(await send({ body: '{', headers: right.headers }, id)).toMatchObject({ status: scheme === 'token' ? 400 : 401 });
    expect((await events()).length).toBe(before);
  });

  it.each(['standard_webhooks', 'stripe', 'slack', 'hmac'] as const)(
    '%s: what was recorded and comes late is 401',
    async (scheme) => {
      const now = Math.floor(Date.now() / 1_000);
      for (const seconds of [now - 400, now + 400])
        expect(await send(sign(scheme, { seconds }), hook(scheme).id)).toMatchObject(problem(401, 'SIGNATURE_EXPIRED'));
      expect(await send(sign(scheme, { seconds: now - 250 }), hook(scheme).id)).toMatchObject({ status: 200 });
    },
  );

  it('takes what is half there, or no JSON, for neither', async () => {
    const { id } = hook('none');
    for (const body of ['{"id":"1","kind":', '', 'id=1&kind=a', '<xml/>'])
      expect(await send({ body, headers: {} }, id)).toMatchObject(problem(400, 'INVALID_REQUEST'));
    expect(await send({ body: '{"id":"1"}', headers: {} }, id)).toMatchObject({
      ...problem(422, 'VALIDATION_FAILED'),
      body: { errors: [{ path: '/kind' }] },
    });
    const zipped = { body: '{}', headers: { 'content-encoding': 'gzip' } };
    expect(await send(zipped, id)).toMatchObject(problem(415, 'UNSUPPORTED_MEDIA_TYPE'));
    const form = { body: 'command=%2Fdeploy&trigger_id=t1', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect(await send(form, hook('form').id)).toMatchObject({ status: 200 });
    expect((await events('&type=%2Fdeploy')).length).toBe(1);
  });

  it('reads no more than its limit', async () => {
    const { id } = hook('none');
    const limit = 1_048_576;
    const body = JSON.stringify({ id: 'large', kind: 'a', filler: '' });
    const fits = body.replace('"filler":"', `"filler":"${'x'.repeat(limit - body.length)}`);
    expect(await send({ body: fits, headers: {} }, id)).toMatchObject({ status: 200 });
    expect(await sendAsTold(id, { 'content-length': String(limit + 1) }, '{')).toMatchObject({ status: 413, closed: true });
    expect(await sendAsTold(id, { 'transfer-encoding': 'chunked' }, 'x'.repeat(limit + 1))).toMatchObject({
      status: 413,
      closed: true,
    });
  });

  it('that is not there is 404, and so is one that was deleted', async () => {
    expect(await send(sign('stripe'), randomUUID())).toMatchObject(problem(404, 'NOT_FOUND'));
    expect(await send(sign('stripe'), 'nonsense')).toMatchObject(problem(404, 'NOT_FOUND'));
    const { id, secret } = await makeHook({ webhook: 'stripe' });
    const at = `/v1/connections/${connection}/hooks/${id}`;
    expect(await send(sign('stripe', { secret }), id)).toMatchObject({ status: 200 });
    expect(await client.delete(at)).toMatchObject({ status: 204 });
    expect(await send(sign('stripe', { secret }), id)).toMatchObject(problem(404, 'NOT_FOUND'));
    expect(await client.get(at)).toMatchObject(problem(404, 'NOT_FOUND'));
    expect(await client.delete(at)).toMatchObject(problem(404, 'NOT_FOUND'));
  });

  it('answers challenges of who has the secret, and stores none', async () => {
    const before = (await events()).length;
    const { id, secret } = hook('slack');
    const more = { type: 'url_verification', challenge: '3eZbrw1aBm2rZgRNFdxV' };
    const seconds = Math.floor(Date.now() / 1_000);
    const body = JSON.stringify(more);
    const { createHmac } = await import('node:crypto');
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${seconds}:${body}`).digest('hex')}`;
    const headers = { 'x-slack-request-timestamp': String(seconds), 'x-slack-signature': signature };
    const answer = await send({ body, headers }, id);
    expect(answer).toMatchObject({ status: 200, text: more.challenge });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await send({ body, headers: { ...headers, 'x-slack-signature': 'v0=00' } }, id)).toMatchObject({ status: 401 });

    const asked = (token: string) => `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`;
    const { id: meta, verifyToken } = hook('meta');
    expect(await provider.get(`/v1/hooks/${meta}${asked(verifyToken)}`)).toMatchObject({ status: 200, text: '1158201444' });
    expect(await provider.get(`/v1/hooks/${meta}${asked('x')}`)).toMatchObject(problem(401, 'SIGNATURE_INVALID'));
    expect(await provider.get(`/v1/hooks/${id}${asked('x')}`)).toMatchObject(problem(404, 'NOT_FOUND'));
    expect((await events()).length).toBe(before);
  });

  it('with a new secret takes what is signed with the old one, as long as was said', async () => {
    const { id, secret: first } = await makeHook({ webhook: 'stripe', secret: 'given-by-the-provider' });
    expect(first).toBeNull();
    const old = { secret: 'given-by-the-provider' };
    expect(await send(sign('stripe', old), id)).toMatchObject({ status: 200 });
    const rotate = (body: object) => client.post(`/v1/connections/${connection}/hooks/${id}:rotate`, body);
    const rotated = await rotate({ overlap_seconds: 600 });
    expect(rotated).toMatchObject({ status: 200, body: { secret: expect.any(String), old_secret_until: expect.any(String) } });
    const next = { secret: rotated.body['secret'] as string };
    expect(await send(sign('stripe', old), id)).toMatchObject({ status: 200 });
    expect(await send(sign('stripe', next), id)).toMatchObject({ status: 200 });
    const last = { secret: 'the-third-one' };
    expect(await rotate({ secret: last.secret, overlap_seconds: 0 })).toMatchObject({
      body: { secret: null, old_secret_until: null },
    });
    for (const [signed, status] of [
      [old, 401],
      [next, 401],
      [last, 200],
    ] as const)
      expect(await send(sign('stripe', signed), id)).toMatchObject({ status });
  });
});

describe('the limit of a hook', () => {
  it('is 60,000 requests a minute where nothing else is said, and can be changed', async () => {
    const { id } = await makeHook({ webhook: 'stripe' });
    const at = `/v1/connections/${connection}/hooks/${id}`;
    expect(await client.get(at)).toMatchObject({ body: { calls_per_minute: 60_000 } });
    expect(await client.patch(at, { calls_per_minute: 7 })).toMatchObject({ status: 200, body: { id, calls_per_minute: 7 } });
    expect(await client.get(at)).toMatchObject({ body: { calls_per_minute: 7 } });
    for (const wrong of [{ calls_per_minute: 0 }, { calls_per_minute: 1.5 }, {}, { secret: 'a-new-secret' }])
      expect(await client.patch(at, wrong)).toMatchObject(problem(422, 'VALIDATION_FAILED'));
    const nobodys = `/v1/connections/${connection}/hooks/${randomUUID()}`;
    expect(await client.patch(nobodys, { calls_per_minute: 7 })).toMatchObject(problem(404, 'NOT_FOUND'));
  });

  it('refuses what comes beyond it, says when to come again, and stores nothing of it', async () => {
    const { id, secret } = await makeHook({ webhook: 'stripe', calls_per_minute: 3 });
    const ids = Array.from({ length: 6 }, () => randomUUID());
    const answers = await Promise.all(ids.map((one) => send(sign('stripe', { secret, id: one }), id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429, 429]);
    for (const { status, headers, body } of answers) {
      expect(headers.get('ratelimit-policy')).toBe('"hook";q=3;w=60');
      expect(headers.get('ratelimit')).toMatch(/^"hook";r=\d;t=\d+$/);
      if (status !== 429) continue;
      expect(body.code).toBe('CALLS_LIMITED');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(15);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(20);
    }
    const stored = (await events()).map((event) => String(event['provider_id']));
    const accepted = ids.filter((_, n) => answers[n]?.status === 200);
    expect(ids.filter((one) => stored.some((known) => known.includes(one))).sort()).toEqual(accepted.sort());
    await client.patch(`/v1/connections/${connection}/hooks/${id}`, { calls_per_minute: 60_000 });
    expect(await send(sign('stripe', { secret }), id)).toMatchObject({ status: 200 });
  });
});

describe('the administration of hooks', () => {
  it('shows what a connector declares, and no secret', async () => {
    const { body } = await client.get('/v1/connectors/hooked/webhooks');
    expect(body.data[0]).toMatchObject({
      ...{ name: 'standard_webhooks', signature: 'standard_webhooks', challenge: null },
      events: [{ type: 'order.paid', description: 'A customer has paid.', schema: { type: 'object' } }],
    });
    const listed = await client.get(`/v1/connections/${connection}/hooks?limit=3`);
    expect(listed.body.data).toHaveLength(3);
    const rest = await client.get(`/v1/connections/${connection}/hooks?limit=100&cursor=${String(listed.body.next_cursor)}`);
    const ids = [...listed.body.data, ...rest.body.data].map(({ id }) => id);
    for (const { id } of hooks.values()) expect(ids).toContain(id);
    for (const { secret } of hooks.values()) if (secret !== null) expect(listed.text + rest.text).not.toContain(secret);
  });

  it('refuses what cannot be, with the place', async () => {
    const create = (body: object, at = connection) => client.post(`/v1/connections/${at}/hooks`, body);
    expect(await create({ webhook: 'srtipe' })).toMatchObject({
      ...{
        status: 422,
        body: { code: 'VALIDATION_FAILED', errors: [{ path: '/webhook', allowed: Object.keys(HOOKED_SLUICE.webhooks) }] },
      },
    });
    expect(await create({ webhook: 'none', secret: 'long enough' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/secret' }] },
    });
    expect(await create({ webhook: 'standard_webhooks', secret: 'whsec_AAAA' })).toMatchObject({
      ...{ status: 422, body: { errors: [{ path: '/secret' }] } },
    });
    expect(await create({ webhook: 'stripe' }, randomUUID())).toMatchObject(problem(404, 'NOT_FOUND'));
    const none = hook('none').id;
    expect(await client.post(`/v1/connections/${connection}/hooks/${none}:rotate`, {})).toMatchObject({ status: 422 });
    const wrong = { version: 1, webhooks: { w: { signature: { scheme: 'hmac', header: 'X', content: 'nothing' } } } };
    expect(await client.post('/v1/connectors', { name: 'wrong', manifest: HOOKED_MANIFEST, sluice: wrong })).toMatchObject({
      status: 422,
      body: {
        code: 'MANIFEST_INVALID',
        errors: [{ path: '/webhooks/w/signature/content' }, { path: '/webhooks/w/type' }, { path: '/webhooks/w/id' }],
      },
    });
    const text = 'version: 1\nwebhooks:\n  w:\n    signature: { scheme: github }\n    evnets: {}\n';
    const misspelt = await client.post('/v1/connectors', { name: 'wrong', manifest: HOOKED_MANIFEST, sluice: text });
    expect(misspelt).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/webhooks/w/evnets', message: expect.stringMatching(/line 5/) }] },
    });
  });
});

describe('the inbox', () => {
  it('is listed newest first, by what is asked for, a page at a time', async () => {
    const type = `listed.${randomUUID()}`;
    const sent: unknown[] = [];
    for (let index = 0; index < 5; index++) sent.push((await send(sign('stripe', { type }), hook('stripe').id)).body['event']);
    const first = await client.get(`/v1/events?type=${type}&limit=3`);
    const second = await client.get(`/v1/events?type=${type}&limit=3&cursor=${String(first.body.next_cursor)}`);
    expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual(sent.toReversed());
    expect(second.body.next_cursor).toBeNull();
    expect(first.body.data[0]).toMatchObject({ occurred_at: '2023-11-14T22:13:20.000Z', state: 'unmatched' });
    const count = async (query: string) => (await client.get(`/v1/events?type=${type}${query}`)).body.data.length;
    expect(await count('&state=unmatched')).toBe(5);
    expect(await count('&state=failed')).toBe(0);
    expect(await count('&kind=system')).toBe(0);
    expect(await count(`&since=${new Date(Date.now() + 60_000).toISOString()}`)).toBe(0);
    expect(await count(`&until=${new Date(Date.now() + 60_000).toISOString()}`)).toBe(5);
    expect(await client.get('/v1/events?state=lost')).toMatchObject({ status: 422 });
    expect(await client.get(`/v1/events/${randomUUID()}`)).toMatchObject(problem(404, 'NOT_FOUND'));
  });

  it('shows a body only where it is asked for, with every digit', async () => {
    const raw = `{"id":"${randomUUID()}","kind":"reading","value":12345678901234567890.10}`;
    const { body } = await send({ body: raw, headers: {} }, hook('none').id);
    const at = `/v1/events/${String(body['event'])}`;
    expect((await client.get(at)).text).not.toContain('12345678901234567890');
    expect((await client.get(`${at}?body=true`)).text).toContain('"value":12345678901234567890.10');
  });

  it('gives events once more to the flows that want them now', async () => {
    const type = `replayed.${randomUUID()}`;
    const ids: string[] = [];
    for (let index = 0; index < 3; index++)
      ids.push(String((await send(sign('stripe', { type }), hook('stripe').id)).body['event']));
    const replay = (body: object) => client.post('/v1/events:replay', body);
    expect(await replay({ type })).toMatchObject({ status: 200, body: { events: 3, deliveries: 0, next_cursor: null } });
    const { Client } = (await import('pg')).default;
    const database = new Client({ connectionString: world.database.url });
    await database.connect();
    await database.query(
      `INSERT INTO control.subscription (workspace_id, connection_id, event_type, flow_id, flow_version)
       SELECT id, $1, $2, gen_random_uuid(), 1 FROM control.workspace`,
      [connection, type],
    );
    await database.end();
    const one = await client.post(`/v1/events/${ids[2] ?? ''}:replay`);
    expect(one).toMatchObject({ status: 200, body: { events: 1, deliveries: 1 } });
    const page = await replay({ type, limit: 2 });
    expect(page).toMatchObject({ body: { events: 2, deliveries: 2, next_cursor: expect.any(String) } });
    // The third has its delivery before it already.
    expect(await replay({ type, limit: 2, cursor: page.body.next_cursor })).toMatchObject({
      body: { events: 1, deliveries: 0, next_cursor: null },
    });
    expect((await client.get(`/v1/events/${ids[0] ?? ''}`)).body).toMatchObject({ deliveries: [{ round: 1 }] });
    expect(await replay({})).toMatchObject(problem(422, 'VALIDATION_FAILED'));
    expect(await client.post(`/v1/events/${randomUUID()}:replay`)).toMatchObject(problem(404, 'NOT_FOUND'));
  });
});

it('nothing that providers send, and no secret, is in the log or in the database as it came', async () => {
  const { Client } = (await import('pg')).default;
  const database = new Client({ connectionString: world.database.url });
  await database.connect();
  const { rows } = await database.query<{ text: string }>(
    'SELECT e::text AS text FROM control.event e UNION ALL SELECT h::text FROM control.hook h',
  );
  await database.end();
  const hex = (text: string) => Buffer.from(text).toString('hex');
  const everything = rows.map(({ text }) => text).join() + world.api.output();
  expect(everything.includes(MARKER) || everything.includes(hex(MARKER))).toBe(false);
  for (const { secret } of hooks.values())
    if (secret !== null) for (const text of [secret, hex(secret)]) expect(everything.includes(text)).toBe(false);
  // Where nothing is signed, the address is all there is to know.
  expect(world.api.output().includes(hook('none').id)).toBe(false);
});

/** Sends as much as is given, whatever the headers promise, and waits for the answer. */
function sendAsTold(id: string, headers: Record<string, string>, text: string): Promise<{ status: number; closed: boolean }> {
  return new Promise((done, failed) => {
    const { hostname, port } = new URL(world.api.address);
    const sending = request({ hostname, port, method: 'POST', path: `/v1/hooks/${id}`, headers });
    sending.on('response', (answer) => {
      done({ status: answer.statusCode ?? 0, closed: answer.headers.connection === 'close' });
      sending.destroy();
    });
    sending.on('error', failed);
    sending.write(text);
  });
}
