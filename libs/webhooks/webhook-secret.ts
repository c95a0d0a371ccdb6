import { randomBytes } from 'node:crypto';
import { keyOf } from './verify-signature.js';
import type { SignatureRule } from './signature-rule.js';

const SECRET_BYTES = 32;
/** RFC 2104: a key shorter than this is guessed sooner than a signature. */
const LEAST_BYTES = 8;

/** A secret of our own, as the rule writes it; null: the rule has none. */
export function newSecret(rule: SignatureRule): string | null {
  if (rule.kind === 'none') return null;
  const written = rule.kind === 'token' ? 'text' : rule.secret;
  if (written === 'whsec') return newStandardSecret();
  return randomBytes(SECRET_BYTES).toString(written === 'text' ? 'base64url' : written);
}

/** Of Standard Webhooks: 24 to 64 random bytes. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const newStandardSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** Why a secret cannot be one; null: it can. */
export function secretProblem(rule: SignatureRule, secret: string): string | null {
  if (rule.kind === 'none') return 'has no use: the webhook is not signed';
  const bytes = rule.kind === 'token' ? Buffer.from(secret) : keyOf(rule, secret);
  return bytes.length < LEAST_BYTES
    ? `is not at least ${LEAST_BYTES} bytes, written as ${rule.kind === 'token' ? 'text' : rule.secret}`
    : null;
}
