import type { JsonObject, JsonValue } from '../../contracts/json.js';
import { isObject } from '../manifest/tree.js';

type Keys = readonly string[];

/** Paths of the fields that a specification marks as `airbyte_secret`, in all its alternatives. */
function secretPaths(schema: unknown, path: Keys = []): Keys[] {
  if (!isObject(schema) || path.length > 20) return [];
  if (schema['airbyte_secret'] === true) return [path];
  const own = isObject(schema['properties'])
    ? Object.entries(schema['properties']).flatMap(([key, inner]) => secretPaths(inner, [...path, key]))
    : [];
  const alternatives = ['oneOf', 'anyOf', 'allOf'].flatMap((keyword) =>
    Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]) : [],
  );
  return [...own, ...alternatives.flatMap((inner) => secretPaths(inner, path))];
}

/** Takes the secret fields out of a configuration; both halves keep their places, so that `mergeSecrets` puts them back. */
export function splitSecrets(schema: unknown, config: JsonObject): { config: JsonObject; secrets: JsonObject } {
  const open = structuredClone(config);
  const secrets: JsonObject = {};
  for (const path of secretPaths(schema)) {
    const value = take(open, path);
    if (value !== undefined) put(secrets, path, value);
  }
  return { config: open, secrets };
}

/** The whole configuration again. */
export function mergeSecrets(config: JsonObject, secrets: JsonObject): JsonObject {
  const merged: JsonObject = { ...config };
  for (const [key, value] of Object.entries(secrets)) {
    const own = merged[key];
    merged[key] = isObject(own) && isObject(value) ? mergeSecrets(own, value) : value;
  }
  return merged;
}

/** Every secret text of a configuration. */
export function secretValues(schema: unknown, config: JsonObject): string[] {
  const { secrets } = splitSecrets(schema, config);
  const collect = (value: JsonValue): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'number'
        ? [String(value)]
        : typeof value === 'object' && value !== null
          ? Object.values(value).flatMap(collect)
          : [];
  return collect(secrets);
}

function take(target: JsonObject, path: Keys): JsonValue | undefined {
  const [key = '', ...rest] = path;
  if (!Object.hasOwn(target, key)) return undefined;
  const value = target[key] as JsonValue;
  if (rest.length > 0) return isObject(value) ? take(value, rest) : undefined;
  delete target[key];
  return value;
}

function put(target: JsonObject, path: Keys, value: JsonValue): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) target[key] = value;
  else put((target[key] ??= {}) as JsonObject, rest, value);
}
