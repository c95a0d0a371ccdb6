import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { DEFAULT_SIZES, ENTITIES } from './entities.js';
import { expectedRows, initialState } from './generator.js';

interface Property {
  type?: string | string[];
}
const manifest = parse(readFileSync('connectors/demo-shop/manifest.yaml', 'utf8')) as {
  schemas: Record<string, { properties: Record<string, Property> }>;
};

const jsonType = (value: unknown): string[] => {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  return typeof value === 'number' ? ['number', ...(Number.isInteger(value) ? ['integer'] : [])] : [typeof value];
};

describe("the connector's manifest", () => {
  it.each(ENTITIES)('declares every field of %s with the types that occur', (entity) => {
    const { properties } = manifest.schemas[entity] ?? { properties: {} };
    const state = initialState({ ...DEFAULT_SIZES, [entity]: 500 });
    for (const record of expectedRows(entity, state)) {
      expect(Object.keys(record)).toEqual(Object.keys(properties));
      for (const [field, value] of Object.entries(record)) {
        const declared = [(properties[field] as Property & { $ref?: string }).type ?? ['object', 'null']].flat();
        if (!jsonType(value).some((type) => declared.includes(type)))
          throw new Error(`${field}: ${JSON.stringify(value)} is not ${declared.join(' or ')}`);
      }
    }
  });
});
