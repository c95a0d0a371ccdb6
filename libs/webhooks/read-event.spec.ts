import { describe, expect, it } from '@jest/globals';
import { compileWebhooks, type WebhookModel } from './webhook-model.js';
import { metaChallenge, slackChallenge } from './challenge.js';
import { readBody, readEvent } from './read-event.js';

const model = (webhook: object): WebhookModel => {
  const wrong = (errors: unknown) => new Error(JSON.stringify(errors));
  const found = compileWebhooks({ webhooks: { w: webhook } } as never, wrong).get('w');
  if (found === undefined) throw new Error('none');
  return found;
};
const read = (webhook: object, body: string, headers: Record<string, string> = {}) => {
  const compiled = model(webhook);
  const bytes = Buffer.from(body);
  return readEvent(compiled, { headers, body: bytes }, readBody(compiled, bytes));
};

describe('what a provider sends', () => {
  it('is read where providers put it', () => {
    expect(read({ signature: { scheme: 'stripe' } }, '{"id":"evt_1","type":"charge.failed","created":1700000000}')).toMatchObject(
      {
        ...{ type: 'charge.failed', dedupeKey: 'evt_1', occurredAt: new Date('2023-11-14T22:13:20Z') },
      },
    );
    const github = { 'x-github-event': 'issues', 'x-github-delivery': 'd-1' };
    expect(read({ signature: { scheme: 'github' } }, '{"action":"opened"}', github)).toMatchObject({
      ...{ type: 'issues.opened', dedupeKey: 'd-1', occurredAt: null },
    });
    expect(read({ signature: { scheme: 'github' } }, '{"zen":"…"}', { ...github, 'x-github-event': 'ping' })).toMatchObject({
      type: 'ping',
    });
    const shopify = {
      'x-shopify-topic': 'orders/paid',
      'x-shopify-event-id': 'e',
      'x-shopify-triggered-at': '2026-01-01T00:00:00Z',
    };
    expect(read({ signature: { scheme: 'shopify' } }, '{}', shopify)).toMatchObject({
      ...{ type: 'orders/paid', dedupeKey: 'orders/paid:e', occurredAt: new Date('2026-01-01T00:00:00Z') },
    });
    expect(
      read({ signature: { scheme: 'slack' } }, '{"event_id":"Ev1","event_time":1,"event":{"type":"message"}}'),
    ).toMatchObject({
      ...{ type: 'message', dedupeKey: 'Ev1' },
    });
  });

  it('is kept as it came, and ids of any length keep their digits', () => {
    const webhook = { signature: { scheme: 'none' }, type: { value: 'reading' }, id: { body: ['meta', 'id'] } };
    const body = '{"meta":{"id":12345678901234567890},"v": 1.0}';
    expect(read(webhook, body)).toMatchObject({ dedupeKey: '12345678901234567890', text: body });
  });

  it('without an id of its own is known by its content, where the connector says so', () => {
    const webhook = { signature: { scheme: 'none' }, type: { value: 'x' }, id: { digest: true } };
    expect(read(webhook, '{"a":1}').dedupeKey).toBe(read(webhook, '{"a":1}').dedupeKey);
    expect(read(webhook, '{"a":1}').dedupeKey).not.toBe(read(webhook, '{"a":2}').dedupeKey);
  });

  it('may be a form, or JSON in a field of one', () => {
    const form = { signature: { scheme: 'none' }, format: 'form', type: { body: ['command'] }, id: { digest: true } };
    expect(read(form, 'command=%2Fdeploy&to=a&to=b')).toMatchObject({
      type: '/deploy',
      text: '{"command":"/deploy","to":["a","b"]}',
    });
    const inside = { ...form, form_field: 'payload', type: { body: ['type'] } };
    expect(read(inside, `payload=${encodeURIComponent('{"type":"block_actions"}')}`)).toMatchObject({
      ...{ type: 'block_actions', text: '{"type":"block_actions"}' },
    });
  });

  it.each([
    ['half of it', '{"id":"1","type":'],
    ['nothing', ''],
    ['a form', 'type=a&id=1'],
    ['bytes', '\ufffd{'],
    ['brackets without end', '['.repeat(100_000)],
  ])('that is no JSON is refused, and not quoted: %s', (_what, body) => {
    expect(() => read({ signature: { scheme: 'stripe' } }, body)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', detail: 'the body is not JSON' }),
    );
  });

  it('that has no type or id is refused with the place', () => {
    const stripe = { signature: { scheme: 'stripe' } };
    const refused = (path: string) =>
      expect.objectContaining({ code: 'VALIDATION_FAILED', errors: [expect.objectContaining({ path })] });
    expect(() => read(stripe, '{"id":"1"}')).toThrow(refused('/type'));
    expect(() => read(stripe, '{"type":"a","id":null}')).toThrow(refused('/id'));
    expect(() => read(stripe, '{"type":"a","id":{}}')).toThrow(refused('/id'));
    expect(() => read(stripe, `{"type":"a","id":"${'x'.repeat(501)}"}`)).toThrow(refused('/id'));
    expect(() => read(stripe, '[]')).toThrow(refused('/type'));
    expect(() => read(stripe, 'null')).toThrow(refused('/type'));
    expect(() => read({ signature: { scheme: 'github' } }, '{}', { 'x-github-event': 'a' })).toThrow(refused(''));
  });

  it.each(['soon', '99999999999999', '-1', ''])('whose time cannot be read is taken all the same: %j', (created) => {
    const body = JSON.stringify({ id: '1', type: 'a', created });
    expect(read({ signature: { scheme: 'stripe' } }, body).dedupeKey).toBe('1');
  });

  it('of a webhook that does not say where its parts are is refused when it is declared', () => {
    expect(() => model({ signature: { scheme: 'none' } })).toThrow(/webhooks\/w\/type.*webhooks\/w\/id/);
    expect(() => model({ signature: { scheme: 'stripe' }, form_field: 'a' })).toThrow(/form_field/);
  });
});

describe('a challenge', () => {
  it('of Slack is answered with its text, and nothing else is one', () => {
    expect(slackChallenge({ type: 'url_verification', challenge: '3eZbrw1a', token: 't' })).toBe('3eZbrw1a');
    for (const body of [{ type: 'event_callback', challenge: 'x' }, { type: 'url_verification' }, null, 'text', []])
      expect(slackChallenge(body)).toBeNull();
  });

  it('of Meta is answered to who knows the token', () => {
    const query = { 'hub.mode': 'subscribe', 'hub.verify_token': 'right', 'hub.challenge': '1158201444' };
    expect(metaChallenge(query, 'right')).toBe('1158201444');
    expect(metaChallenge(query, 'wrong')).toBeNull();
    expect(metaChallenge({ ...query, 'hub.mode': 'unsubscribe' }, 'right')).toBeNull();
    expect(metaChallenge({ ...query, 'hub.challenge': ['a', 'b'] }, 'right')).toBeNull();
    expect(metaChallenge({}, 'right')).toBeNull();
  });
});
