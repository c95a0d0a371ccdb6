import type { JsonSchema } from '../contracts/json.js';
import type { ColumnType } from './column.js';

/**
 * The column type of a JSON schema. Anything that is not exactly one scalar kind (null aside) is jsonb, which holds every JSON value. Pure.
 * Formats are JSON Schema's, `airbyte_type` refines them as in Airbyte's protocol: a time has an offset unless it says otherwise.
 */
export function columnType(schema: JsonSchema): ColumnType {
  const only = onlyAlternative(schema);
  if (only !== undefined) return only === null ? 'jsonb' : columnType(only);
  const types = new Set([schema.type ?? []].flat().filter((type) => type !== 'null'));
  if (types.size === 2 && types.has('integer') && types.has('number')) return 'numeric';
  const [type] = types;
  if (types.size !== 1) return 'jsonb';
  switch (type) {
    case 'integer':
      return schema.airbyte_type === 'big_integer' ? 'numeric' : 'bigint';
    case 'number':
      return schema.airbyte_type === 'integer' ? 'bigint' : 'numeric';
    case 'boolean':
      return 'boolean';
    case 'string':
      return stringType(schema);
    default:
      return 'jsonb';
  }
}

function stringType({ format, airbyte_type, contentEncoding }: JsonSchema): ColumnType {
  if (airbyte_type === 'big_integer' || airbyte_type === 'big_number') return 'numeric';
  if (contentEncoding === 'base64') return 'bytea';
  switch (format) {
    case 'date':
      return 'date';
    case 'date-time':
      return airbyte_type === 'timestamp_without_timezone' ? 'timestamp' : 'timestamptz';
    case 'time':
      return airbyte_type === 'time_without_timezone' ? 'time' : 'timetz';
    case 'uuid':
      return 'uuid';
    default:
      return 'text';
  }
}

/** anyOf/oneOf of one alternative and null is that alternative; of several it is null (no single type); undefined: no such keyword. */
function onlyAlternative(schema: JsonSchema): JsonSchema | null | undefined {
  const list = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(list)) return undefined;
  const kinds = (list as JsonSchema[]).filter(
    ({ type }) => !(type === 'null' || (Array.isArray(type) && type.every((t) => t === 'null'))),
  );
  return kinds.length === 1 ? (kinds[0] ?? null) : null;
}
