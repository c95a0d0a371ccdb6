import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createSecretBox, parseSecretKey } from './secret-box.js';

const owner = { workspaceId: 'w', connectionId: 'c' };
const current = randomBytes(32);
const box = createSecretBox({ current });

test('what was sealed opens again, is different each time, and shows nothing', () => {
  const value = { api_key: 'marker-4711' };
  const sealed = box.encrypt({ owner, value });
  expect(box.decrypt({ owner, sealed })).toEqual(value);
  expect(sealed.equals(box.encrypt({ owner, value }))).toBe(false);
  expect(sealed.toString('latin1')).not.toContain('marker');
});

test('another connection, a changed byte, a foreign key and a strange format are refused', () => {
  const sealed = box.encrypt({ owner, value: { a: 1 } });
  expect(() => box.decrypt({ owner: { ...owner, connectionId: 'd' }, sealed })).toThrow('do not open');
  const changed = Buffer.from(sealed);
  changed[changed.length - 1]! ^= 1;
  expect(() => box.decrypt({ owner, sealed: changed })).toThrow('do not open');
  expect(() => createSecretBox({ current: randomBytes(32) }).decrypt({ owner, sealed })).toThrow('not configured');
  expect(() => box.decrypt({ owner, sealed: Buffer.from('x') })).toThrow('unknown format');
});

test('after a rotation the old key still opens, and the new one seals', () => {
  const sealed = box.encrypt({ owner, value: { a: 1 } });
  const next = randomBytes(32);
  const rotated = createSecretBox({ current: next, old: [current] });
  expect(rotated.decrypt({ owner, sealed })).toEqual({ a: 1 });
  const resealed = rotated.encrypt({ owner, value: { a: 2 } });
  expect(createSecretBox({ current: next }).decrypt({ owner, sealed: resealed })).toEqual({ a: 2 });
});

test('a key is 32 bytes of base64', () => {
  expect(parseSecretKey(current.toString('base64'))).toEqual(current);
  expect(parseSecretKey('c2hvcnQ=')).toBeNull();
});

test('a fingerprint is stable under a key and another one under another key', () => {
  expect(box.fingerprint('a')).toBe(createSecretBox({ current }).fingerprint('a'));
  expect(box.fingerprint('a')).not.toBe(box.fingerprint('b'));
  expect(box.fingerprint('a')).not.toBe(createSecretBox({ current: randomBytes(32) }).fingerprint('a'));
});
