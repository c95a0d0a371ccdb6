import { createHash, randomBytes } from 'node:crypto';

const SHAPE = /^sl_[A-Za-z0-9_-]{43}$/;

/** A new API key: `sl_` and 32 random bytes in base64url. Shown once; only its hash is kept. */
export function generateApiKey(): string {
  return `sl_${randomBytes(32).toString('base64url')}`;
}

/** Whether a text can be a key at all; anything else is refused before the database is asked. */
export function isApiKeyShaped(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * SHA-256 of the key. Without salt, because 256 random bits cannot be guessed from a table; and looked up by equality of hashes, so the
 * time that the look-up takes tells nothing about the key itself.
 */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
