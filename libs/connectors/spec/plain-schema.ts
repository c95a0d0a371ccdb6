import { isObject, type Tree } from '../manifest/tree.js';

const ASSERTIONS = new Set(
  [
    '$ref type enum const required minimum maximum exclusiveMinimum exclusiveMaximum multipleOf',
    'minLength maxLength pattern minItems maxItems uniqueItems minProperties maxProperties',
  ].flatMap((line) => line.split(' ')),
);
const ONE = ['items', 'additionalItems', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'];
const LISTS = ['allOf', 'anyOf', 'oneOf'];
const MAPS = ['properties', 'patternProperties', 'definitions', '$defs', 'dependencies'];

/**
 * What of a JSON schema decides whether a value fits, in the words of draft 7: Airbyte's own keywords, OpenAPI's and descriptions are left
 * out, older drafts' ways to write a bound or a required field are translated.
 */
export function plainSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plainSchema);
  if (!isObject(schema)) return schema;
  const plain: Tree = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (ONE.includes(keyword)) plain[keyword] = plainSchema(value);
    else if (LISTS.includes(keyword) && Array.isArray(value) && value.length > 0) plain[keyword] = value.map(plainSchema);
    else if (MAPS.includes(keyword) && isObject(value))
      plain[keyword] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainSchema(inner)]));
    else if (keyword === 'required') {
      // Draft 3 wrote `required: true` at the field itself.
      if (Array.isArray(value)) plain[keyword] = [...new Set(value)];
    } else if (keyword === 'enum' && Array.isArray(value)) {
      if (value.length > 0) plain[keyword] = unique(value);
    } else if (ASSERTIONS.has(keyword)) plain[keyword] = value;
  }
  return draft4Bounds(plain);
}

/** Draft 4 marked a bound as exclusive. */
function draft4Bounds(schema: Tree): Tree {
  for (const [mark, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof schema[mark] !== 'boolean') continue;
    if (schema[mark] && typeof schema[bound] === 'number') {
      schema[mark] = schema[bound];
      delete schema[bound];
    } else delete schema[mark];
  }
  return schema;
}

const unique = (values: readonly unknown[]): unknown[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];
