import { describe, expect, it } from '@jest/globals';
import { isNewEnough, serverVersionIn } from './temporal-version.js';

describe('the version of a Temporal binary', () => {
  it('is read from the CLI words, of a release and of a go install', () => {
    expect(serverVersionIn('temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)')).toBe('1.29.1');
    expect(serverVersionIn('temporal version 0.0.0-DEV (Server 1.30.0-rc.1, UI 2.42.1)')).toBe('1.30.0-rc.1');
    expect(serverVersionIn('temporal version 1.5.1')).toBeUndefined();
  });

  it.each([
    ['1.29.0', true],
    ['1.29.1', true],
    ['1.30.0-rc.1', true],
    ['2.0.0', true],
    ['1.28.9', false],
    ['0.99.0', false],
  ])('%s is new enough: %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });
});
