import { createHmac } from 'node:crypto';
import { keyOf } from '../webhooks/index.js';

/**
 * Headers and body of a message as Standard Webhooks has them: a signature (`v1`, HMAC-SHA256 of `id.timestamp.body`, base64) for each secret, with a space
 * between. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. Pure.
 */
export function signMessage(
  message: { id: string; type: string; at: Date; data: Readonly<Record<string, unknown>> },
  secrets: readonly string[],
  nowMs: number,
): { headers: Record<string, string>; body: string } {
  const { id, type, at, data } = message;
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data });
  const timestamp = String(Math.floor(nowMs / 1_000));
  const sign = (secret: string): string =>
    createHmac('sha256', keyOf({ secret: 'whsec' }, secret))
      .update(`${id}.${timestamp}.${body}`)
      .digest('base64');
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': secrets.map((secret) => `v1,${sign(secret)}`).join(' '),
    },
    body,
  };
}
