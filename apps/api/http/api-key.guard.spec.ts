import { expect, test } from '@jest/globals';
import { apiKeyOf } from './api-key.guard.js';

test('a key is read from either header, and the Bearer one wins', () => {
  expect(apiKeyOf({ authorization: 'Bearer sl_a' })).toBe('sl_a');
  expect(apiKeyOf({ authorization: 'bearer  sl_a ', 'x-api-key': 'sl_b' })).toBe('sl_a');
  expect(apiKeyOf({ 'x-api-key': 'sl_b' })).toBe('sl_b');
  for (const headers of [{}, { authorization: 'Basic abc' }, { authorization: 'Bearer' }, { 'x-api-key': ['a', 'b'] }])
    expect(apiKeyOf(headers)).toBeNull();
});
