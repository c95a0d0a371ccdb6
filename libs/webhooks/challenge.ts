import { createHash, timingSafeEqual } from 'node:crypto';
import { isObject } from '../json/index.js';

const MOST_CHALLENGE = 1_000;
const isChallenge = (text: unknown): text is string =>
  typeof text === 'string' && text.length > 0 && text.length <= MOST_CHALLENGE;

/** https://docs.slack.dev/reference/events/url_verification: what is to be answered; null: it is an event. The request was signed. */
export function slackChallenge(body: unknown): string | null {
  if (!isObject(body) || body['type'] !== 'url_verification') return null;
  return isChallenge(body['challenge']) ? body['challenge'] : null;
}

/**
 * https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests: what is to be answered; null: it is not who knows the
 * token.
 */
export function metaChallenge(query: Readonly<Record<string, unknown>>, verifyToken: string): string | null {
  const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = query;
  if (mode !== 'subscribe' || typeof token !== 'string' || !isChallenge(challenge)) return null;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(token), digest(verifyToken)) ? challenge : null;
}
