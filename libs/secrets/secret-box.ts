import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { JsonObject } from '../contracts/json.js';
import { SluiceError } from '../errors/index.js';

/** Layout of an encrypted value: format (1 byte) · key id (8) · nonce (12) · tag (16) · ciphertext. */
const FORMAT = 1;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;
const KEY_BYTES = 32;

/** What an encrypted value belongs to; bound to it as associated data, so that a row copied elsewhere does not open. */
export interface SecretOwner {
  workspaceId: string;
  connectionId: string;
}

/** Encrypts and opens the credentials of connections. */
export interface SecretBox {
  /** With the current key. */
  encrypt(request: { owner: SecretOwner; value: JsonObject }): Buffer;
  /** With whichever known key it was made. INTERNAL when the key is unknown, or the value was tampered with or is someone else's. */
  decrypt(request: { owner: SecretOwner; sealed: Buffer }): JsonObject;
  /** 16 hex digits that are the same for the same text, and tell nothing about it to who has not the key. Changes with the current key. */
  fingerprint(text: string): string;
}

/** Names a key without telling anything about it. */
const keyId = (key: Buffer): string =>
  createHash('sha256').update('sluice key id').update(key).digest().toString('hex', 0, KEY_ID_BYTES);
const associated = (owner: SecretOwner): Buffer => Buffer.from(`${owner.workspaceId}\n${owner.connectionId}`);
const refuse = (detail: string, cause?: unknown): SluiceError => new SluiceError('INTERNAL', { detail, cause });

/** A key as the environment holds it: 32 bytes in base64. */
export function parseSecretKey(text: string): Buffer | null {
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES ? key : null;
}

/** AES-256-GCM with `current`; `old` keys only open what they once sealed, until it is written again. */
export function createSecretBox(keys: { current: Buffer; old?: readonly Buffer[] }): SecretBox {
  const known = new Map([...(keys.old ?? []), keys.current].map((key) => [keyId(key), key]));
  const currentId = Buffer.from(keyId(keys.current), 'hex');
  const fingerprintKey = hkdfSync('sha256', keys.current, '', 'sluice fingerprint', KEY_BYTES);
  return {
    fingerprint: (text) => createHmac('sha256', Buffer.from(fingerprintKey)).update(text).digest('hex').slice(0, 16),
    encrypt({ owner, value }) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keys.current, nonce).setAAD(associated(owner));
      const sealed = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([FORMAT]), currentId, nonce, cipher.getAuthTag(), sealed]);
    },
    decrypt({ owner, sealed }) {
      if (sealed.length < HEADER_BYTES || sealed[0] !== FORMAT) throw refuse('stored credentials have an unknown format');
      const key = known.get(sealed.toString('hex', 1, 1 + KEY_ID_BYTES));
      if (key === undefined) throw refuse('stored credentials were encrypted with a key that is not configured');
      const nonceEnd = 1 + KEY_ID_BYTES + NONCE_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1 + KEY_ID_BYTES, nonceEnd), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(associated(owner))
        .setAuthTag(sealed.subarray(nonceEnd, HEADER_BYTES));
      try {
        return JSON.parse(
          Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES)), decipher.final()]).toString('utf8'),
        ) as JsonObject;
      } catch (error) {
        throw refuse('stored credentials do not open: they were changed, or belong to another connection', error);
      }
    },
  };
}
