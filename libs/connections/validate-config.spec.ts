import { expect, test } from '@jest/globals';
import type { SluiceError } from '../errors/index.js';
import { assertUsableSpec, validateConfig } from './validate-config.js';

const spec = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['url', 'key'],
  additionalProperties: false,
  properties: {
    url: { type: 'string', format: 'uri' },
    key: { type: 'string', minLength: 5, airbyte_secret: true },
    mode: { type: 'string', enum: ['a', 'b'] },
  },
};
const failure = (config: Parameters<typeof validateConfig>[1]): SluiceError => {
  try {
    validateConfig(spec, config);
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('was accepted');
};

test('every violation is named with its path, what was found and what is allowed', () => {
  expect(() => validateConfig(spec, { url: 'https://example.com', key: '12345' })).not.toThrow();
  const { code, errors } = failure({ url: 'no', mode: 'c', 'x/y': 1 });
  expect(code).toBe('CONFIG_INVALID');
  expect(errors).toEqual(
    expect.arrayContaining([
      { path: '/config/key', message: 'is required' },
      { path: '/config/x~1y', message: 'is not known to the connector' },
      { path: '/config/mode', message: expect.any(String), found: 'c', allowed: ['a', 'b'] },
      { path: '/config/url', message: expect.stringContaining('uri'), found: 'no' },
    ]),
  );
});

test('a secret of the wrong form is not repeated', () => {
  const { errors } = failure({ url: 'https://example.com', key: 'mark' });
  expect(errors).toEqual([{ path: '/config/key', message: expect.any(String), found: 'string' }]);
});

test('a spec that is no JSON schema is the manifest’s fault', () => {
  expect(() => assertUsableSpec({ type: 'strin' })).toThrow('not a valid connector');
  expect(() => assertUsableSpec({ properties: { a: { pattern: '(' } } })).toThrow('not a valid connector');
});
