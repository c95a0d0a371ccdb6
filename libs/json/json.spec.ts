import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LosslessNumber, parse as losslessParse } from 'lossless-json';
import { Decimal, parseJson, stringifyJson } from './index.js';
import { exactNumber } from './decimal.js';
import { scanJson } from './scan-json.js';

const numberText = fc
  .tuple(
    fc.boolean(),
    fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,30}$/)),
    fc.option(fc.stringMatching(/^\d{1,25}$/), { nil: undefined }),
    fc.option(fc.integer({ min: -400, max: 400 }), { nil: undefined }),
  )
  .map(
    ([minus, whole, fraction, power]) =>
      `${minus ? '-' : ''}${whole}${fraction === undefined ? '' : `.${fraction}`}${power === undefined ? '' : `e${power}`}`,
  );

/** Digits and exponent, for comparing decimal values without floating point. */
function canonical(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  let digits = (whole + fraction).replace(/^0+/, '');
  let exponent = Number(power) - fraction.length;
  while (digits.endsWith('0')) [digits, exponent] = [digits.slice(0, -1), exponent + 1];
  return digits === '' ? '0' : `${sign}${digits}e${exponent}`;
}

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('null', 'true', 'false'),
    numberText,
    fc.string().map((s) => JSON.stringify(s)),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value')).map((items) => `[${items.join(' , ')}]`),
  object: fc.dictionary(fc.string(), tie('value')).map(
    (fields) =>
      `{${Object.entries(fields)
        .map(([k, v]) => `${JSON.stringify(k)} :${String(v)}`)
        .join(',\n')}}`,
  ),
})).value as fc.Arbitrary<string>;

const flatten = (value: unknown): unknown => {
  if (value instanceof LosslessNumber || value instanceof Decimal || typeof value === 'number' || typeof value === 'bigint')
    return { number: canonical(String(value)) };
  if (Array.isArray(value)) return value.map(flatten);
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([k, v]) => [k, flatten(v)]);
  return value;
};

describe('parseJson', () => {
  it('agrees with a lossless parser on every document and writes it back without loss', () => {
    fc.assert(
      fc.property(json, (text) => {
        const expected = flatten(losslessParse(text));
        expect(flatten(parseJson(text))).toEqual(expected);
        expect(flatten(scanJson(text))).toEqual(expected);
        expect(flatten(losslessParse(stringifyJson(parseJson(text))))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps digits of numbers that a double would change, and plain numbers plain', () => {
    expect(
      parseJson('{"a":9007199254740993,"b":0.12345678901234567890,"c":1e400,"d":0.1234567890123456,"e":1e21,"f":-1.5}'),
    ).toEqual({
      a: 9007199254740993n,
      b: new Decimal('0.12345678901234567890'),
      c: new Decimal('1e400'),
      d: 0.1234567890123456,
      e: 1e21,
      f: -1.5,
    });
    expect(parseJson(Buffer.from('12345678901234567890'))).toBe(12345678901234567890n);
    expect(exactNumber('1.50')).toBe(1.5);
  });

  it('tells whole floats from integers where somebody asks', () => {
    const text = '{"a":1.0,"b":1,"c":[1e2,-0.0],"d":1.5,"e":"1.0"}';
    expect(parseJson(text, { keepsFloats: true })).toEqual({
      a: new Decimal('1.0'),
      b: 1,
      c: [new Decimal('1e2'), new Decimal('-0.0')],
      d: 1.5,
      e: '1.0',
    });
    expect(parseJson(text)).toEqual({ a: 1, b: 1, c: [100, -0], d: 1.5, e: '1.0' });
    expect(stringifyJson(parseJson(text, { keepsFloats: true }))).toBe(text);
  });

  it.each(['1.0', '[1.00 ]', '{"a":-7.0\n}', '[3.0,4]', ' 2.0 '])('keeps the point of %j wherever it stands', (text) => {
    expect(stringifyJson(parseJson(text, { keepsFloats: true }))).toBe(text.replaceAll(/\s/g, ''));
  });

  it('reads UTF-8 with and without a byte order mark', () => {
    expect(parseJson(Buffer.from('\uFEFF{"é":"€","n":12345678901234567890}'))).toEqual({ é: '€', n: 12345678901234567890n });
    expect(parseJson(Buffer.from('{"é":"€"}'))).toEqual({ é: '€' });
  });

  it('refuses what JSON.parse refuses, without quoting it', () => {
    for (const bad of [
      '',
      '{',
      '[1,]',
      '{"a":1,}',
      '01',
      '1.',
      '.5',
      '+1',
      "{'a':1}",
      '"\u0001"',
      '"\\x"',
      '[1 2]',
      'nul',
      '1e',
      '[1e5',
      '"abc',
      '{"a"1}',
    ]) {
      expect(() => parseJson(bad)).toThrow(SyntaxError);
      expect(() => scanJson(bad)).toThrow(/^not JSON at offset \d+$/);
    }
  });

  it('never touches a prototype', () => {
    const value = scanJson('{"__proto__":{"polluted":1e5}}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
  });
});

describe('the text of a body', () => {
  it.each([
    ['ASCII', '{"a":"plain"}'],
    ['Latin', '{"a":"Düsseldorf"}'],
    ['beyond', '{"a":"東京 🎉 ß"}'],
    ['with a byte order mark', '\ufeff{"a":"ö"}'],
    ['larger than strings are kept inside the heap', JSON.stringify({ a: 'é語'.repeat(400_000) })],
  ])('is read as UTF-8: %s', (_, text) => {
    expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text.replace('\ufeff', '')));
  });
  it('has the replacement character where it is no UTF-8, as everywhere', () => {
    expect(parseJson(Buffer.from([0x22, 0xff, 0x22]))).toBe('\ufffd');
  });
});
