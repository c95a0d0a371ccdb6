import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { compileManifestText } from '../compile-manifest.js';
import { openConfig } from '../source/open-config.js';

const NOW = Date.parse('2024-06-01T00:00:00Z');

function open(rules: string, config: JsonObject, schema = '{ type: object }'): JsonObject {
  const { model } = compileManifestText(`
version: 6.1.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [] }
streams: []
spec:
  type: Spec
  connection_specification: ${schema}
  config_normalization_rules: { type: ConfigNormalizationRules, ${rules} }
`);
  return openConfig(model, config, NOW);
}

function refusal(rules: string, config: JsonObject, schema?: string): string[] {
  try {
    open(rules, config, schema);
  } catch (error) {
    if (error instanceof SluiceError) return [error.code, ...error.errors.map(({ path, message }) => `${path} ${message}`)];
    throw error;
  }
  return [];
}

// Measured with the CDK's own Spec component; except predicates, which it documents and fails on.
describe('config_normalization_rules', () => {
  it('migrations come first, then transformations, each seeing what the ones before it made', () => {
    const rules = `
      config_migrations: [{ type: ConfigMigration, description: d, transformations: [
        { type: ConfigAddFields, fields: [{ type: AddedFieldDefinition, path: [credentials, token], value: "{{ config['token'] }}" }] },
        { type: ConfigRemoveFields, field_pointers: [[token]] } ] }],
      transformations: [
        { type: ConfigAddFields, fields: [{ type: AddedFieldDefinition, path: [copied], value: "{{ config['credentials']['token'] }}-x" }] } ]`;
    const config = { token: 'abc' };
    expect(open(rules, config)).toEqual({ credentials: { token: 'abc' }, copied: 'abc-x' });
    expect(config).toEqual({ token: 'abc' });
  });

  it('fields are added and removed only where the condition holds', () => {
    const rules = `transformations: [
      { type: ConfigAddFields, condition: "{{ config['kind'] == 'new' }}", fields: [{ type: AddedFieldDefinition, path: [count], value: "{{ 2 * 2 }}", value_type: integer }] },
      { type: ConfigRemoveFields, condition: "{{ config['kind'] == 'old' }}", field_pointers: [[nested, a], [missing, b]] } ]`;
    expect(open(rules, { kind: 'new', nested: { a: 1 } })).toEqual({ kind: 'new', nested: { a: 1 }, count: 4 });
    expect(open(rules, { kind: 'old', nested: { a: 1 } })).toEqual({ kind: 'old', nested: {} });
  });

  it('a remapped field changes only where its value is in the map', () => {
    const rules = `transformations: [{ type: ConfigRemapField, field_path: [auth, "{{ config['which'] }}"], map: { old: new, same: "{{ config['which'] }}" } }]`;
    expect(open(rules, { which: 'kind', auth: { kind: 'old' } })['auth']).toEqual({ kind: 'new' });
    expect(open(rules, { which: 'kind', auth: { kind: 'same' } })['auth']).toEqual({ kind: 'kind' });
    expect(open(rules, { which: 'kind', auth: { kind: 'other' } })['auth']).toEqual({ kind: 'other' });
    expect(open(rules, { which: 'kind', auth: 'text' })['auth']).toBe('text');
  });

  it('the form of a configuration is checked after its migration; defaults are not filled in', () => {
    const rules = 'transformations: [{ type: ConfigRemapField, field_path: [region], map: { Europe: eu } }]';
    const schema =
      '{ type: object, required: [region], properties: { region: { enum: [eu, us] }, size: { type: integer, default: 5 } } }';
    expect(open(rules, { region: 'Europe' }, schema)).toEqual({ region: 'eu' });
    expect(refusal(rules, { region: 'Asia' }, schema)).toEqual(['CONFIG_INVALID', '/region is not one of the allowed values']);
  });

  it('validations name the path, never the value, and skip what is not there', () => {
    const strategy =
      'validation_strategy: { type: ValidateAdheresToSchema, base_schema: { type: object, required: [id], properties: { id: { type: integer } } } }';
    const rules = `validations: [{ type: DpathValidator, field_path: [accounts, "*"], ${strategy} }]`;
    expect(refusal(rules, { accounts: [{ id: 1 }, { id: 'SECRET' }, {}] })).toEqual([
      'CONFIG_INVALID',
      '/accounts/1/id must be integer',
      '/accounts/2/id is missing',
    ]);
    expect(refusal(rules, {})).toEqual([]);
    // A text is read as JSON, as Airbyte does for queries that a user pastes.
    const pasted = `validations: [{ type: DpathValidator, field_path: [query], ${strategy} }]`;
    expect(refusal(pasted, { query: '{"id": 1}' })).toEqual([]);
    expect(refusal(pasted, { query: '{"id": "SECRET"}' })).toEqual(['CONFIG_INVALID', '/query/id must be integer']);
    expect(refusal(pasted, { query: '{SECRET' })).toEqual(['CONFIG_INVALID', '/query is not JSON']);
  });

  it('a predicate is a template over the configuration', () => {
    const rules = `validations: [{ type: PredicateValidator, value: "{{ config['size'] }}", validation_strategy: { type: ValidateAdheresToSchema, base_schema: { minimum: 3 } } }]`;
    expect(refusal(rules, { size: 2 })).toEqual(['CONFIG_INVALID', ' must be >= 3']);
    expect(refusal(rules, { size: 3 })).toEqual([]);
  });
});

describe('specifications as real ones are written', () => {
  const schema = (properties: string) => `{ type: object, properties: { a: ${properties} } }`;
  const none = 'transformations: []';

  it.each([
    ['OpenAPI’s nullable without a type', '{ nullable: true }', 1],
    ['a field that is required in draft 3', '{ type: string, required: true }', 'x'],
    ['an exclusive bound of draft 4', '{ type: integer, minimum: 1, exclusiveMinimum: true }', 2],
    ['an enumeration that repeats itself', '{ enum: [a, b, a] }', 'b'],
    ['a pattern that only Python understands', '{ type: string, pattern: "(?<!x{1,2})\\\\Z(?#comment)" }', 'x'],
    ['a pattern that unicode mode would refuse', '{ type: string, pattern: "^[a-z\\\\-\\\\_]+$" }', 'a-b_c'],
    ['a format that is unknown', '{ type: string, format: date-time, airbyte_hidden: true }', 'no date'],
  ])('%s', (_what, properties, value) => {
    expect(refusal(none, { a: value }, schema(properties))).toEqual([]);
  });

  it('each field is held to its own pattern', () => {
    const patterns = '{ type: object, properties: { a: { type: string, pattern: "^x$" }, b: { type: string, pattern: "^y$" } } }';
    expect(refusal(none, { a: 'x', b: 'y' }, patterns)).toEqual([]);
    expect(refusal(none, { a: 'x', b: 'x' }, patterns)).toHaveLength(2);
  });

  it('the bound of draft 4 holds, and a pattern that backtracks without end refuses soon', () => {
    expect(refusal(none, { a: 1 }, schema('{ type: integer, minimum: 1, exclusiveMinimum: true }'))).toHaveLength(2);
    const begun = performance.now();
    expect(refusal(none, { a: `${'a'.repeat(60)}!` }, schema('{ type: string, pattern: "^(a+)+$" }'))).toHaveLength(2);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
