import type { JsonObject, JsonSchema, JsonValue } from '../../contracts/json.js';
import { splitSecrets } from '../../secrets/index.js';

/** Every secret text of a configuration: what no error may show. */
export function secretValues(schema: JsonSchema, config: JsonObject): string[] {
  return Object.values(splitSecrets(schema, config).secrets).flatMap(texts);
}

function texts(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}
