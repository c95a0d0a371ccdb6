import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SignatureRule } from './signature-rule.js';

export interface SignedRequest {
  /** By lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it came. */
  body: Buffer;
}

/** `wrong`: it is missing, cannot be read, or was not made with one of the secrets. `expired`: it is right, and its time is not near now. */
export type Verdict = 'right' | 'wrong' | 'expired';

/** Whether a request was made by who has one of the secrets. Signatures are compared in constant time, and each with each, so that time tells nothing. */
export function verifySignature(rule: SignatureRule, request: SignedRequest, secrets: readonly string[], now: number): Verdict {
  switch (rule.kind) {
    case 'none':
      return 'right';
    case 'token':
      return verifyToken(rule, request, secrets) ? 'right' : 'wrong';
    case 'hmac':
      return verifyHmac(rule, request, secrets, now);
    default: {
      const never: never = rule;
      throw new Error(`unknown rule ${String(never)}`);
    }
  }
}

/** The header's value; undefined: it is not there, or there twice. */
export const headerOf = ({ headers }: Pick<SignedRequest, 'headers'>, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function verifyToken(
  rule: Extract<SignatureRule, { kind: 'token' }>,
  request: SignedRequest,
  secrets: readonly string[],
): boolean {
  const value = headerOf(request, rule.header);
  if (value?.startsWith(rule.prefix) !== true) return false;
  // Digests have one length, so the comparison tells nothing of the secret's.
  const given = digest(value.slice(rule.prefix.length));
  return anyOf(secrets.map((secret) => timingSafeEqual(given, digest(secret))));
}

type HmacRule = Extract<SignatureRule, { kind: 'hmac' }>;

/** The most signatures in a header that are looked at; a provider that rotates sends two. */
const MOST_SIGNATURES = 10;

function verifyHmac(rule: HmacRule, request: SignedRequest, secrets: readonly string[], now: number): Verdict {
  const value = headerOf(request, rule.header);
  if (value === undefined) return 'wrong';
  const parts = rule.separator === null ? [value] : value.split(rule.separator).map((part) => part.trim());
  const given = signaturesIn(rule, parts);
  const timestamp = timestampIn(rule, request, parts);
  const id = rule.idHeader === null ? '' : headerOf(request, rule.idHeader);
  if (given.length === 0 || timestamp === undefined || id === undefined) return 'wrong';
  const results = secrets.flatMap((secret) => {
    const hmac = createHmac(rule.algorithm, keyOf(rule, secret));
    for (const part of rule.content) hmac.update(contentOf(part, request, { timestamp, id }));
    const expected = hmac.digest();
    return given.map((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
  if (!anyOf(results)) return 'wrong';
  return rule.timestamp === null || isNear(timestamp, rule.timestamp, now) ? 'right' : 'expired';
}

function signaturesIn(rule: HmacRule, parts: readonly string[]): Buffer[] {
  const lead = rule.field === null ? rule.prefix : `${rule.field}=${rule.prefix}`;
  return parts
    .filter((part) => part.startsWith(lead))
    .slice(0, MOST_SIGNATURES)
    .map((part) => bytesOf(part.slice(lead.length), rule.encoding));
}

/** Node decodes as far as it can; a signature is what is written, and nothing around it. Empty: it is none. */
function bytesOf(text: string, encoding: HmacRule['encoding']): Buffer {
  const bytes = Buffer.from(text, encoding);
  const plain = encoding === 'hex' ? text.toLowerCase() : text.replace(/=+$/, '');
  return bytes.toString(encoding).replace(/=+$/, '') === plain ? bytes : Buffer.alloc(0);
}

/** '': the rule has none; undefined: it is missing. */
function timestampIn({ timestamp }: HmacRule, request: SignedRequest, parts: readonly string[]): string | undefined {
  if (timestamp === null) return '';
  const { from } = timestamp;
  if ('header' in from) return headerOf(request, from.header);
  return parts.find((part) => part.startsWith(`${from.field}=`))?.slice(from.field.length + 1);
}

function contentOf(
  part: HmacRule['content'][number],
  request: SignedRequest,
  put: { timestamp: string; id: string },
): string | Buffer {
  if ('text' in part) return part.text;
  if ('header' in part) return headerOf(request, part.header) ?? '';
  return part.put === 'body' ? request.body : put[part.put];
}

function isNear(text: string, { unit, toleranceMs }: NonNullable<HmacRule['timestamp']>, now: number): boolean {
  const time =
    unit === 'iso' ? Date.parse(text) : /^\d{1,15}$/.test(text) ? Number(text) * (unit === 'seconds' ? 1_000 : 1) : NaN;
  return Math.abs(now - time) <= toleranceMs;
}

/** A secret's bytes. Of `whsec_…` (Standard Webhooks) those after it, in base64. */
export function keyOf({ secret: encoding }: Pick<HmacRule, 'secret'>, secret: string): Buffer {
  switch (encoding) {
    case 'text':
      return Buffer.from(secret, 'utf8');
    case 'whsec':
      return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    case 'base64':
    case 'hex':
      return Buffer.from(secret, encoding);
    default: {
      const never: never = encoding;
      throw new Error(`unknown encoding ${String(never)}`);
    }
  }
}

/** Without stopping at the first. */
const anyOf = (results: readonly boolean[]): boolean => results.reduce((any, one) => one || any, false);
