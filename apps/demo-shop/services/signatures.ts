import { createHmac } from 'node:crypto';

export interface Signed {
  readonly secret: string;
  /** The event's, the same in each attempt. */
  readonly id: string;
  readonly type: string;
  readonly body: string;
  /** Epoch seconds of the attempt. */
  readonly seconds: number;
}

const hmac = (secret: string | Buffer, content: string, encoding: 'hex' | 'base64'): string =>
  createHmac('sha256', secret).update(content).digest(encoding);

/** The headers by which each of these schemes lets a receiver see who sent a body. */
export const SIGNATURES = {
  /** https://www.standardwebhooks.com: the secret is base64 after `whsec_`. */
  standard: ({ secret, id, seconds, body }: Signed) => ({
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${hmac(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), `${id}.${seconds}.${body}`, 'base64')}`,
  }),
  stripe: ({ secret, seconds, body }: Signed) => ({
    'stripe-signature': `t=${seconds},v1=${hmac(secret, `${seconds}.${body}`, 'hex')}`,
  }),
  shopify: ({ secret, id, type, body }: Signed) => ({
    'x-shopify-topic': type,
    'x-shopify-webhook-id': id,
    'x-shopify-hmac-sha256': hmac(secret, body, 'base64'),
  }),
  github: ({ secret, id, type, body }: Signed) => ({
    'x-github-event': type,
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${hmac(secret, body, 'hex')}`,
  }),
} as const satisfies Record<string, (signed: Signed) => Record<string, string>>;
