import { createHmac } from 'node:crypto';
import type { Sent } from './signed-requests.js';

/** What a provider is told to send: its own id of the event, when it sends it, and the secret that it has shown. */
export interface ProviderSending {
  id: string;
  type: string;
  secret: string;
  /** Default: now. Shopify signs no time. */
  sentAt?: Date;
  /** Zendesk: more of the ticket. */
  detail?: object;
}

const sha256 = (secret: string, content: string, encoding: 'hex' | 'base64'): string =>
  createHmac('sha256', secret).update(content, 'utf8').digest(encoding);

/** Webhooks of providers whose connectors ship, with the headers and bodies of their documentation. */
export const PROVIDERS = {
  /** https://shopify.dev/docs/apps/build/webhooks/subscribe/https; each delivery has a webhook id of its own, the event id stays. */
  shopify({ id, type, secret }: ProviderSending): Sent {
    const body = JSON.stringify({
      ...{ id: 5940139491234, admin_graphql_api_id: 'gid://shopify/Order/5940139491234', name: '#1001' },
      ...{ email: 'ann@example.com', currency: 'USD', total_price: '59.99', financial_status: 'paid', fulfillment_status: null },
      ...{ created_at: '2026-07-10T10:30:00-05:00', updated_at: '2026-07-10T10:30:00-05:00', note: 'Zürich – 🛍' },
    });
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'X-Shopify-Topic': type,
        'X-Shopify-Hmac-Sha256': sha256(secret, body, 'base64'),
        'X-Shopify-Shop-Domain': 'example.myshopify.com',
        'X-Shopify-API-Version': '2026-07',
        'X-Shopify-Webhook-Id': crypto.randomUUID(),
        'X-Shopify-Triggered-At': '2026-07-10T15:30:01.123456789Z',
        'X-Shopify-Event-Id': id,
      },
    };
  },
  /** https://docs.stripe.com/webhooks/signature, with the signature of a test event (`v0`) beside it. */
  stripe({ id, type, secret, sentAt = new Date() }: ProviderSending): Sent {
    const seconds = Math.floor(sentAt.getTime() / 1_000);
    const body = JSON.stringify(
      {
        ...{ id, object: 'event', api_version: '2026-02-25.clover', created: 1_783_701_001, livemode: false },
        ...{ type, pending_webhooks: 1, request: { id: 'req_1', idempotency_key: null } },
        data: { object: { id: 'pi_1', object: 'payment_intent', amount: 5_999, currency: 'usd', status: 'succeeded' } },
      },
      null,
      2,
    );
    const signature = sha256(secret, `${seconds}.${body}`, 'hex');
    const header = `t=${seconds},v1=${signature},v0=${sha256('test', body, 'hex')}`;
    return { body, headers: { 'content-type': 'application/json; charset=utf-8', 'Stripe-Signature': header } };
  },
  /** https://developer.zendesk.com/documentation/webhooks/verifying and /api-reference/webhooks/event-types/ticket-events. */
  zendesk({ id, type, secret, sentAt = new Date(), detail }: ProviderSending): Sent {
    const timestamp = `${sentAt.toISOString().slice(0, 19)}Z`;
    const body = JSON.stringify({
      ...{ type, account_id: 12514403, id, time: '2026-07-10T15:30:01.000000000Z', zendesk_event_version: '2022-11-06' },
      ...{ subject: 'zen:ticket:35436', detail: { id: '35436', status: 'OPEN', ...detail } },
      event: { current: 'OPEN', previous: 'NEW', meta: { sequence: { id: '2', position: 1 } } },
    });
    return {
      body,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'X-Zendesk-Account-Id': '12514403',
        'X-Zendesk-Webhook-Id': '01GK8E6BKWMJZD2T8Y5AXJQMG5',
        'X-Zendesk-Webhook-Invocation-Id': crypto.randomUUID(),
        'X-Zendesk-Webhook-Signature': sha256(secret, timestamp + body, 'base64'),
        'X-Zendesk-Webhook-Signature-Timestamp': timestamp,
      },
    };
  },
} as const satisfies Record<string, (sending: ProviderSending) => Sent>;
