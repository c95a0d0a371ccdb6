import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pathKey } from './column.js';
import type { NamingStyle } from '../contracts/nesting.js';
import { nameFields, type NamingRules } from './naming.js';

const rules: NamingRules = { maxBytes: 63, forbidden: /\0/g, reserved: new Set(['ctid']), caseSensitive: true };
const loose: NamingRules = { ...rules, maxBytes: 20, forbidden: /[^a-z0-9_]/gi, caseSensitive: false };

function names(fields: readonly string[], style: NamingStyle = 'keep', of: NamingRules = rules): string[] {
  const given = nameFields({ paths: fields.map((field) => [field]), rules: of, style });
  return fields.map((field) => given.get(pathKey([field])) ?? '');
}

describe('a field’s name', () => {
  test('stays as it is where the destination takes it, odd or not', () => {
    const fields = ['id', 'Straße 7', '!!!', 'a"b', ' ', 'select', 'é'.repeat(31)];
    expect(names(fields)).toEqual(fields);
  });

  test.each([
    ['an empty one', '', /^_$/],
    ['one with a NUL', 'a\0b', /^a_b$/],
    ['half a character', 'a\ud800', /^a\ufffd$/],
    ['one of the destination’s own', 'ctid', /^ctid_$/],
    ['200 characters', 'a'.repeat(200), /^a{54}_[0-9a-f]{8}$/],
    ['200 characters of several bytes', '語'.repeat(200), /^語{18}_[0-9a-f]{8}$/],
  ])('is changed as little as may be: %s', (_, field, expected) => {
    expect(names([field])[0]).toMatch(expected);
  });

  test('two that would become one are told apart, and whoever has the name as it is keeps it', () => {
    expect(names(['a\0b', 'a_b'])).toEqual([expect.stringMatching(/^a_b_[0-9a-f]{8}$/), 'a_b']);
    expect(names(['Name', 'name'], 'keep', loose)).toEqual(['Name', expect.stringMatching(/^name_[0-9a-f]{8}$/)]);
  });

  test.each([
    ['firstName', 'first_name'],
    ['HTTPStatus2xx', 'http_status2xx'],
    ['Straße 7', 'straße_7'],
    ['2fa', '_2fa'],
    ['!!!', '_'],
  ])('is made simple where the sync asks for it: %s', (field, expected) => {
    expect(names([field], 'snake_case')).toEqual([expected]);
  });

  const field = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.constantFrom('a', 'A', 'a_', 'ctid', 'CTID', '', '\0'),
  );
  test('is legal, its own, and the same in any later run, whatever the fields are', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(field, { maxLength: 12 }),
        fc.uniqueArray(field, { maxLength: 12 }),
        fc.constantFrom(rules, loose),
        fc.constantFrom<NamingStyle>('keep', 'snake_case'),
        (before, more, of, style) => {
          const first = nameFields({ paths: before.map((name) => [name]), rules: of, style });
          const all = [...new Set([...more, ...before])];
          const second = nameFields({ paths: all.map((name) => [name]), rules: of, style, known: first });
          for (const [key, name] of first) expect(second.get(key)).toBe(name);
          const given = [...second.values()].map((name) => (of.caseSensitive ? name : name.toLowerCase()));
          expect(new Set(given).size).toBe(all.length);
          for (const name of second.values()) {
            expect(name).not.toBe('');
            expect(Buffer.byteLength(name)).toBeLessThanOrEqual(of.maxBytes);
            expect(name).not.toMatch(new RegExp(of.forbidden.source, 'i'));
            expect(of.reserved.has(name)).toBe(false);
            expect(Buffer.from(name).toString()).toBe(name);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
