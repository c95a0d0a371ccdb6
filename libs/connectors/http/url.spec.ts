import { describe, expect, it } from '@jest/globals';
import { addressWith } from './url.js';

describe('addressWith', () => {
  it('keeps the spaces at the end of a path, as Python’s requests does, and drops line ends', () => {
    expect(addressWith('http://api.example.com/items/ a ', [['q', '1']])).toBe('http://api.example.com/items/%20a%20?q=1');
    expect(addressWith(' http://api.example.com/items\n', [])).toBe('http://api.example.com/items');
  });
});
