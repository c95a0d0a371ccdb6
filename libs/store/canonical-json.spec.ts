import { expect, test } from '@jest/globals';
import { canonicalJson, contentHash } from './canonical-json.js';

test('the order of keys does not change the canonical text, the order of items does', () => {
  expect(canonicalJson({ b: 1, a: { d: [1, 2], c: null } })).toBe('{"a":{"c":null,"d":[1,2]},"b":1}');
  expect(contentHash({ a: 1, b: undefined })).toBe(contentHash({ a: 1 }));
  expect(contentHash([1, 2])).not.toBe(contentHash([2, 1]));
});

test('knows integers beyond 2^53 apart', () => {
  expect(canonicalJson({ id: 9007199254740993n })).not.toBe(canonicalJson({ id: 9007199254740992n }));
});
