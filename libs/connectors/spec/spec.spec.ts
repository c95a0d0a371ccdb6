import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { redactError } from './redact.js';
import { secretValues } from './secret-values.js';
import { validateConfig } from './validate-config.js';

const specification: JsonObject = {
  type: 'object',
  $schema: 'http://json-schema.org/draft-07/schema#',
  required: ['host', 'credentials'],
  additionalProperties: false,
  properties: {
    host: { type: 'string', pattern: '^https://' },
    size: { type: 'integer', minimum: 1 },
    credentials: {
      type: 'object',
      oneOf: [
        { properties: { kind: { const: 'key' }, key: { type: 'string', airbyte_secret: true } }, required: ['kind', 'key'] },
        {
          properties: { kind: { const: 'user' }, password: { type: 'string', airbyte_secret: true } },
          required: ['kind', 'password'],
        },
      ],
    },
  },
};
const config = { host: 'https://a', credentials: { kind: 'key', key: 'TOPSECRET' } };

describe('specifications', () => {
  it('accept what fits and name the path of what does not, never its value', () => {
    expect(() => validateConfig(specification, config)).not.toThrow();
    let error: unknown;
    try {
      validateConfig(specification, { host: 'TOPSECRET', size: 'TOPSECRET', other: 1 });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    const { code, errors } = error as SluiceError;
    expect(code).toBe('CONFIG_INVALID');
    expect(errors.map(({ path }) => path).sort()).toEqual(['/credentials', '/host', '/other', '/size']);
    expect(JSON.stringify([errors, String(error)])).not.toContain('TOPSECRET');
  });

  it('tell the secrets of a configuration, in every alternative', () => {
    expect(secretValues(specification, config)).toEqual(['TOPSECRET']);
  });
});

describe('redactError', () => {
  it('hides secrets in every part of an error, also percent-encoded', () => {
    const error = new SluiceError('SOURCE_REQUEST_REFUSED', {
      detail: 'at s3cr3t+=',
      details: { url: 'x?key=s3cr3t%2B%3D' },
      errors: [{ path: '/a', message: 's3cr3t+=' }],
    });
    const hidden = redactError(error, ['s3cr3t+=']) as SluiceError;
    expect(JSON.stringify([hidden.detail, hidden.details, hidden.errors, hidden.message])).not.toContain('s3cr3t');
    expect(redactError(error, ['other'])).toBe(error);
  });
});
