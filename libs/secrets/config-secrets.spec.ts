import { expect, test } from '@jest/globals';
import type { JsonSchema } from '../contracts/json.js';
import { joinSecrets, mergeSecrets, splitSecrets } from './config-secrets.js';

const spec: JsonSchema = {
  type: 'object',
  properties: {
    base_url: { type: 'string' },
    api_key: { type: 'string', airbyte_secret: true },
    credentials: {
      type: 'object',
      oneOf: [
        { properties: { kind: { const: 'basic' }, password: { type: 'string', airbyte_secret: true } } },
        { properties: { kind: { const: 'oauth' }, 'refresh/token': { type: 'string', airbyte_secret: true } } },
      ],
    },
    tenants: { type: 'array', items: { properties: { key: { type: 'string', airbyte_secret: true } } } },
  },
};
const config = {
  base_url: 'https://example.com',
  api_key: 'a',
  credentials: { kind: 'oauth', 'refresh/token': 'r' },
  tenants: [{ name: 'x', key: 'k' }],
};

test('secrets come out wherever the spec marks them, and go back in', () => {
  const split = splitSecrets(spec, config);
  expect(split.config).toEqual({ base_url: 'https://example.com', credentials: { kind: 'oauth' }, tenants: [{ name: 'x' }] });
  expect(split.secrets).toEqual({ '/api_key': 'a', '/credentials/refresh~1token': 'r', '/tenants/0/key': 'k' });
  expect(joinSecrets(split.config, split.secrets)).toEqual(config);
});

test('a change keeps what it does not name, replaces what it does, removes what is null, and drops what has no place', () => {
  const stored = splitSecrets(spec, config).secrets;
  const next = splitSecrets(spec, { base_url: 'https://other.example', api_key: null, tenants: [{ key: 'new' }] });
  expect(mergeSecrets({ stored, changed: next.secrets, config: next.config })).toEqual({ '/tenants/0/key': 'new' });
});

test('a pointer into the prototype is not followed', () => {
  expect(joinSecrets({}, { '/__proto__/polluted': 'x', '/constructor/name': 'x' })).toEqual({});
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
