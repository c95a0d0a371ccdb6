import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { webhookSchema, type SignatureFile } from '../contracts/webhook-file.schema.js';
import { ruleErrors, signatureRule } from './signature-rule.js';
import { verifySignature, type Verdict } from './verify-signature.js';

const signature = (given: object): SignatureFile => webhookSchema.parse({ signature: given }).signature;
const verify = (
  given: object,
  request: { headers: Record<string, string | string[]>; body: string | Buffer },
  secrets: string[],
  now: number,
): Verdict =>
  verifySignature(signatureRule(signature(given)), { ...request, body: Buffer.from(request.body as string) }, secrets, now);

/** Requests that providers themselves publish as examples, with their secrets. */
const PUBLISHED = {
  standard_webhooks: {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    seconds: 1_614_265_330,
    body: '{"test": 2432232314}',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
  slack: {
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    seconds: 1_531_420_618,
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    headers: {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
  },
  github: {
    secret: "It's a Secret to Everybody",
    seconds: 0,
    body: 'Hello, World!',
    headers: { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
  },
} as const;

describe('the schemes of providers', () => {
  it.each(Object.entries(PUBLISHED))(
    '%s: its published example is right; another body, secret or signature is wrong',
    (scheme, of) => {
      const { secret, headers, body } = of;
      const now = of.seconds * 1_000;
      expect(verify({ scheme }, { headers, body }, [secret], now)).toBe('right');
      expect(verify({ scheme }, { headers, body }, ['another secret', secret], now)).toBe('right');
      expect(verify({ scheme }, { headers, body: `${body} ` }, [secret], now)).toBe('wrong');
      expect(verify({ scheme }, { headers, body }, [`${secret}x${secret}`], now)).toBe('wrong');
      expect(verify({ scheme }, { headers, body }, [], now)).toBe('wrong');
      for (const name of Object.keys(headers)) {
        const { [name]: value, ...others } = headers as Record<string, string>;
        expect({ name, verdict: verify({ scheme }, { headers: others, body }, [secret], now) }).toEqual({
          name,
          verdict: 'wrong',
        });
        const twice = { ...headers, [name]: [value ?? '', value ?? ''] };
        expect(verify({ scheme }, { headers: twice, body }, [secret], now)).toBe('wrong');
        const cut = { ...headers, [name]: (value ?? '').slice(0, -2) };
        expect(verify({ scheme }, { headers: cut, body }, [secret], now)).toBe('wrong');
      }
    },
  );

  it.each(['standard_webhooks', 'slack'] as const)('%s: a time that is too far from now, either way, is expired', (scheme) => {
    const { secret, headers, body, seconds } = PUBLISHED[scheme];
    const at = (shift: number, more = {}) => verify({ scheme, ...more }, { headers, body }, [secret], (seconds + shift) * 1_000);
    expect([at(300), at(-300), at(301), at(-301)]).toEqual(['right', 'right', 'expired', 'expired']);
    expect(at(301, { tolerance_seconds: 301 })).toBe('right');
  });

  it('standard_webhooks: of several signatures one is enough, whatever versions the others have', () => {
    const { secret, headers, body, seconds } = PUBLISHED.standard_webhooks;
    const with_ = (value: string) =>
      verify(
        { scheme: 'standard_webhooks' },
        { headers: { ...headers, 'webhook-signature': value }, body },
        [secret],
        seconds * 1_000,
      );
    const right = headers['webhook-signature'];
    expect(with_(`v1a,AAAA v1,${'A'.repeat(43)}= ${right}`)).toBe('right');
    expect(with_(right.replace('v1,', 'v2,'))).toBe('wrong');
    expect(with_(right.slice(3))).toBe('wrong');
  });

  it('stripe: t and v1 of `timestamp.body`; v0 and a moved time are not taken', () => {
    // https://docs.stripe.com/webhooks/signature: HMAC-SHA256 of the timestamp, a dot and the body, in hex.
    const secret = 'whsec_test_5f1c';
    const body = '{"id":"evt_1","type":"charge.succeeded"}';
    const made = (t: number, key = secret) => createHmac('sha256', key).update(`${t}.${body}`).digest('hex');
    const now = 1_700_000_000;
    const with_ = (value: string, more = {}) =>
      verify({ scheme: 'stripe', ...more }, { headers: { 'stripe-signature': value }, body }, [secret], now * 1_000);
    expect(with_(`t=${now},v1=${made(now)},v0=${made(now, 'x')}`)).toBe('right');
    expect(with_(`t=${now},v1=${made(now, 'old')},v1=${made(now)}`)).toBe('right');
    expect(with_(`t=${now - 299}, v1=${made(now - 299)}`)).toBe('right');
    expect(with_(`t=${now - 301},v1=${made(now - 301)}`)).toBe('expired');
    expect(with_(`t=${now},v1=${made(now - 301)}`)).toBe('wrong');
    for (const value of [`t=${now},v0=${made(now)}`, `v1=${made(now)}`, `t=${now}`, '', 'v1=', `t=x,v1=${made(now)}`])
      expect({ value, verdict: with_(value) }).toEqual({ value, verdict: 'wrong' });
  });

  it('shopify: base64 of the body’s HMAC', () => {
    const secret = 'hush';
    const body = '{"id":820982911946154508}';
    const value = createHmac('sha256', secret).update(body).digest('base64');
    const with_ = (text: string) =>
      verify({ scheme: 'shopify' }, { headers: { 'x-shopify-hmac-sha256': text }, body }, [secret], 0);
    expect([with_(value), with_(''), with_(value.slice(1)), with_(`${value}${value}`)]).toEqual([
      'right',
      'wrong',
      'wrong',
      'wrong',
    ]);
  });

  it('looks at bytes, not at text', () => {
    const body = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
    const value = `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`;
    expect(
      verifySignature(
        { ...signatureRule(signature({ scheme: 'github' })) },
        { headers: { 'x-hub-signature-256': value }, body },
        ['secret'],
        0,
      ),
    ).toBe('right');
  });
});

describe('a scheme of one’s own', () => {
  // https://developer.zendesk.com/documentation/webhooks/verifying/: base64 of timestamp and body, with an ISO time.
  const zendesk = {
    ...{ scheme: 'hmac', header: 'X-Zendesk-Webhook-Signature', encoding: 'base64', content: '{timestamp}{body}' },
    ...{ timestamp: { header: 'X-Zendesk-Webhook-Signature-Timestamp' }, timestamp_unit: 'iso' },
  };

  it('is written as data', () => {
    const time = '2026-01-02T03:04:05Z';
    const value = createHmac('sha256', 'key').update(`${time}{}`).digest('base64');
    const headers = { 'x-zendesk-webhook-signature': value, 'x-zendesk-webhook-signature-timestamp': time };
    const at = (now: number) => verify(zendesk, { headers, body: '{}' }, ['key'], now);
    expect([at(Date.parse(time) + 1), at(Date.parse(time) + 300_001)]).toEqual(['right', 'expired']);
  });

  it('puts headers in, and knows other algorithms and ways to write a secret', () => {
    const value = createHmac('sha512', Buffer.from('c0ffee00c0ffee00', 'hex')).update('topic:a|{"b":1}').digest('base64url');
    const given = {
      ...{ scheme: 'hmac', header: 'X-Sig', algorithm: 'sha512', encoding: 'base64url', secret: 'hex' },
      ...{ prefix: 'sig ', content: 'topic:{header:X-Topic}|{body}' },
    };
    const headers = { 'x-sig': `sig ${value}`, 'x-topic': 'a' };
    expect(verify(given, { headers, body: '{"b":1}' }, ['c0ffee00c0ffee00'], 0)).toBe('right');
    expect(verify(given, { headers: { ...headers, 'x-topic': 'b' }, body: '{"b":1}' }, ['c0ffee00c0ffee00'], 0)).toBe('wrong');
  });

  it.each([
    [{ content: '{timestamp}', timestamp: { header: 'T' } }, '/content'],
    [{ timestamp: { header: 'T' } }, '/timestamp'],
    [{ content: '{timestamp}.{body}' }, '/timestamp'],
    [{ content: '{id}.{body}' }, '/id'],
    [{ content: '{bdoy}{body}' }, '/content'],
    [{ field: 'v1' }, '/separator'],
    [{ content: '{timestamp}{body}', timestamp: { field: 't' } }, '/separator'],
  ])('that protects from nothing, or cannot be read, is refused: %j', (given, path) => {
    expect(ruleErrors(signature({ scheme: 'hmac', header: 'X-Sig', ...given })).map((error) => error.path)).toEqual([path]);
  });

  it('may be a token, with what stands before it', () => {
    const given = { scheme: 'token', header: 'Authorization', prefix: 'Bearer ' };
    const with_ = (authorization: string) => verify(given, { headers: { authorization }, body: '' }, ['token-1', 'token-2'], 0);
    expect([with_('Bearer token-2'), with_('token-2'), with_('Bearer token-22'), with_('Bearer ')]).toEqual([
      ...['right', 'wrong', 'wrong', 'wrong'],
    ]);
  });
});
