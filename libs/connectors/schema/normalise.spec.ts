import { describe, expect, it } from '@jest/globals';
import type { JsonSchema } from '../../contracts/json.js';
import { parseJson, stringifyJson } from '../../json/index.js';
import { normaliser } from './normalise.js';

// Every expectation is what airbyte-cdk 7.39.1 (TypeTransformer) made of the same value; NaN is null in JSON.

const definitions: Record<string, JsonSchema> = {
  s: { type: 'string' },
  o: { type: 'object', properties: { a: { type: 'string' } } },
  tree: { type: 'object', properties: { v: { type: 'string' }, kids: { type: 'array', items: { $ref: '#/definitions/tree' } } } },
};

function cast(schema: JsonSchema, value: string): string {
  const record: Record<string, unknown> = { f: parseJson(value) };
  normaliser({ type: 'object', properties: { f: schema }, definitions })(record);
  return stringifyJson(record['f']);
}

describe('schema normalisation', () => {
  it.each<[string, JsonSchema, [string, string][]]>([
    [
      'text',
      { type: 'string' },
      [
        ['null', '"None"'],
        ['true', '"True"'],
        ['1.5', '"1.5"'],
        ['1e21', '"1e+21"'],
        ['9007199254740993', '"9007199254740993"'],
        ['1e-7', '"1e-07"'],
        ['0.12345678901234567890', '"0.12345678901234568"'],
        ['{"a":{"x":[1,null,true,"q\'"]}}', `"{'a': {'x': [1, None, True, \\"q'\\"]}}"`],
      ],
    ],
    [
      'text or null',
      { type: ['null', 'string'] },
      [
        ['null', 'null'],
        ['5', '"5"'],
        ['[1]', '"[1]"'],
      ],
    ],
    [
      'numbers',
      { type: 'number' },
      [
        ['null', 'null'],
        ['true', '1'],
        ['9007199254740993', '9007199254740992'],
        ['" 5 "', '5'],
        ['"1_000"', '1000'],
        ['"1e5"', '100000'],
        ['".5"', '0.5'],
        ['"nan"', 'null'],
        ['"x"', '"x"'],
        ['"1__0"', '"1__0"'],
        ['{}', '{}'],
      ],
    ],
    [
      'integers',
      { type: ['integer', 'null'] },
      [
        ['null', 'null'],
        ['12.7', '12'],
        ['-12.7', '-12'],
        ['1e21', '1000000000000000000000'],
        ['"007"', '7'],
        ['"1.5"', '"1.5"'],
        ['"0x10"', '"0x10"'],
        ['false', '0'],
        ['123456789012345678901234567890', '123456789012345678901234567890'],
      ],
    ],
    [
      'booleans',
      { type: 'boolean' },
      [
        ['null', 'false'],
        ['0', 'false'],
        ['0.1', 'true'],
        ['"TRUE"', 'true'],
        ['" Yes "', 'true'],
        ['"off"', 'false'],
        ['"2"', '"2"'],
        ['[]', 'false'],
        ['{"a":1}', 'true'],
      ],
    ],
    [
      'lists',
      { type: 'array' },
      [
        ['5', '[5]'],
        ['null', '[null]'],
        ['{"a":1}', '{"a":1}'],
      ],
    ],
    [
      'lists of one named type',
      { type: 'array', items: { type: 'string' } },
      [
        ['5', '5'],
        ['[1,null]', '["1","None"]'],
      ],
    ],
    [
      'lists of a nullable type',
      { type: ['null', 'array'], items: { type: ['null', 'string'] } },
      [
        ['"x"', '["x"]'],
        ['[1.5,null]', '["1.5",null]'],
      ],
    ],
    [
      'nested objects',
      { type: 'object', properties: { a: { type: 'integer' }, b: { type: ['null', 'string'] } } },
      [
        ['{"a":"7","b":2,"c":3}', '{"a":7,"b":"2","c":3}'],
        ['"x"', '"x"'],
      ],
    ],
    [
      'lists of objects',
      { type: 'array', items: { type: 'object', properties: { n: { type: 'number' } } } },
      [['[{"n":"1.5"},{"n":1},5]', '[{"n":1.5},{"n":1},5]']],
    ],
    ['several types: nothing', { type: ['string', 'integer'] }, [['5', '5']]],
    ['anyOf and oneOf: nothing', { anyOf: [{ type: 'string' }] }, [['5', '5']]],
    ['a reference to a type: nothing', { $ref: '#/definitions/s' }, [['5', '5']]],
    ['a reference to an object: its properties', { $ref: '#/definitions/o' }, [['{"a":1}', '{"a":"1"}']]],
    [
      'a schema that holds itself',
      { $ref: '#/definitions/tree' },
      [['{"v":1,"kids":[{"v":2,"kids":[{"v":3}]}]}', '{"v":"1","kids":[{"v":"2","kids":[{"v":"3"}]}]}']],
    ],
  ])('casts %s', (_name, schema, values) => {
    for (const [value, expected] of values) expect([value, cast(schema, value)]).toEqual([value, expected]);
  });
});
