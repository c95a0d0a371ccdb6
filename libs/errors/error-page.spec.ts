import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { errorPage } from './error-page.js';

describe('docs/errors.md', () => {
  it('is what the table says', () => {
    expect(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorPage());
  });
});
