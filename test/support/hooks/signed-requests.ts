import { createHmac } from 'node:crypto';

/** A request of a provider: what is sent to a hook. */
export interface Sent {
  headers: Record<string, string>;
  body: string;
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text);

export interface Sending {
  secret: string;
  /** Default: now. */
  seconds?: number;
  type?: string;
  id: string;
  /** More of the body. */
  more?: object;
}

/** Requests as the providers' own documentation builds them, by scheme. */
export const SENDERS = {
  standard_webhooks({ secret, id, type = 'order.paid', more, seconds = Math.floor(Date.now() / 1_000) }: Sending): Sent {
    const body = JSON.stringify({ type, timestamp: '2026-01-02T03:04:05Z', data: more });
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signature = hmac(key, `${id}.${seconds}.${body}`).digest('base64');
    return {
      body,
      headers: { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` },
    };
  },
  stripe({ secret, id, type = 'charge.succeeded', more, seconds = Math.floor(Date.now() / 1_000) }: Sending): Sent {
    const body = JSON.stringify({ id, type, created: 1_700_000_000, data: more });
    return { body, headers: { 'stripe-signature': `t=${seconds},v1=${hmac(secret, `${seconds}.${body}`).digest('hex')}` } };
  },
  github({ secret, id, type = 'issues', more }: Sending): Sent {
    const body = JSON.stringify({ action: 'opened', ...more });
    const signature = `sha256=${hmac(secret, body).digest('hex')}`;
    return { body, headers: { 'x-github-event': type, 'x-github-delivery': id, 'x-hub-signature-256': signature } };
  },
  slack({ secret, id, type = 'message', more, seconds = Math.floor(Date.now() / 1_000) }: Sending): Sent {
    const body = JSON.stringify({ type: 'event_callback', event_id: id, event: { type, ...more } });
    const signature = `v0=${hmac(secret, `v0:${seconds}:${body}`).digest('hex')}`;
    return { body, headers: { 'x-slack-request-timestamp': String(seconds), 'x-slack-signature': signature } };
  },
  shopify({ secret, id, type = 'orders/paid', more }: Sending): Sent {
    const body = JSON.stringify({ ...more });
    const signature = hmac(secret, body).digest('base64');
    return { body, headers: { 'x-shopify-topic': type, 'x-shopify-event-id': id, 'x-shopify-hmac-sha256': signature } };
  },
  hmac({ secret, id, type = 'ticket.created', more, seconds = Math.floor(Date.now() / 1_000) }: Sending): Sent {
    const body = JSON.stringify({ event: type, id, ...more });
    const time = new Date(seconds * 1_000).toISOString();
    const signature = createHmac('sha512', secret).update(`${time}|${body}`).digest('base64');
    return { body, headers: { 'x-desk-time': time, 'x-desk-signature': `sig=${signature}` } };
  },
  token({ secret, id, type = 'push', more }: Sending): Sent {
    return { body: JSON.stringify({ id, kind: type, ...more }), headers: { 'x-gitlab-token': secret } };
  },
  none({ id, type = 'reading', more }: Sending): Sent {
    return { body: JSON.stringify({ id, kind: type, ...more }), headers: {} };
  },
} as const satisfies Record<string, (sending: Sending) => Sent>;
export type Scheme = keyof typeof SENDERS;

const inBody = { type: { body: ['kind'] }, id: { body: ['id'] } };

/** A sluice.yaml with a webhook of each scheme, named after it, and of each other kind. */
export const HOOKED_SLUICE = {
  version: 1,
  webhooks: {
    standard_webhooks: {
      signature: { scheme: 'standard_webhooks' },
      events: { 'order.paid': { description: 'A customer has paid.', schema: { type: 'object' } } },
    },
    stripe: { signature: { scheme: 'stripe' } },
    github: { signature: { scheme: 'github' } },
    slack: { signature: { scheme: 'slack' } },
    shopify: { signature: { scheme: 'shopify' } },
    hmac: {
      signature: {
        ...{ scheme: 'hmac', header: 'X-Desk-Signature', algorithm: 'sha512', encoding: 'base64', prefix: 'sig=' },
        ...{ content: '{timestamp}|{body}', timestamp: { header: 'X-Desk-Time' }, timestamp_unit: 'iso' },
      },
      ...{ type: { body: ['event'] }, id: { body: ['id'] } },
    },
    token: { signature: { scheme: 'token', header: 'X-Gitlab-Token' }, ...inBody },
    none: { signature: { scheme: 'none' }, ...inBody },
    meta: {
      ...{ signature: { scheme: 'github' }, challenge: 'meta' },
      ...{ type: { body: ['object'] }, id: { digest: true } },
    },
    form: { signature: { scheme: 'none' }, format: 'form', type: { body: ['command'] }, id: { body: ['trigger_id'] } },
  },
};

/** Beside it; nothing is read with it. */
export const HOOKED_MANIFEST = {
  ...{ version: '6.1.0', type: 'DeclarativeSource', check: { type: 'CheckStream', stream_names: ['things'] } },
  streams: [
    {
      ...{ type: 'DeclarativeStream', name: 'things', primary_key: ['id'] },
      retriever: {
        type: 'SimpleRetriever',
        requester: { type: 'HttpRequester', url_base: 'https://example.com', path: '/things' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
      },
      schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: { id: { type: 'integer' } } } },
    },
  ],
  spec: { type: 'Spec', connection_specification: { type: 'object', properties: {} } },
};
