import { randomBytes } from 'node:crypto';
import { uuidOf } from '../uuid/index.js';

/** A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then random ones, so that ids sort by arrival and indexes grow at one end. */
export function eventId(now = Date.now(), random = randomBytes(10)): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now, 0, 6);
  random.copy(bytes, 6);
  return uuidOf(7, bytes);
}
