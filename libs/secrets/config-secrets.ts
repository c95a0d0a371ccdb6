import type { JsonObject, JsonSchema, JsonValue } from '../contracts/json.js';
import { escapePointer, isObject } from '../json/index.js';
import { hasParent, setAt, takeAt } from './json-pointer.js';

/** Secrets of a configuration by JSON pointer. */
export type ConfigSecrets = Record<string, JsonValue>;

/** How deep a configuration is looked into. */
const MAX_DEPTH = 12;

/** Pointers of what in `value` the schema marks as secret, whichever of its alternatives applies. */
function secretPointers(schema: JsonSchema, value: JsonValue, at = '', depth = 0): string[] {
  if (schema['airbyte_secret'] === true) return [at];
  if (depth > MAX_DEPTH) return [];
  const alternatives = ['oneOf', 'anyOf', 'allOf'].flatMap((keyword) => {
    const branches = schema[keyword];
    return Array.isArray(branches)
      ? (branches as JsonSchema[]).flatMap((branch) => secretPointers(branch, value, at, depth + 1))
      : [];
  });
  const inside = isObject(value)
    ? Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
        Object.hasOwn(value, name)
          ? secretPointers(property, value[name] ?? null, `${at}/${escapePointer(name)}`, depth + 1)
          : [],
      )
    : Array.isArray(value) && isObject(schema.items)
      ? value.flatMap((item, index) => secretPointers(schema.items as JsonSchema, item, `${at}/${index}`, depth + 1))
      : [];
  return [...alternatives, ...inside];
}

/** Takes the secrets out of a configuration. A secret that is null counts as one to remove. */
export function splitSecrets(spec: JsonSchema, config: JsonObject): { config: JsonObject; secrets: ConfigSecrets } {
  const open = structuredClone(config);
  const secrets: ConfigSecrets = {};
  for (const pointer of new Set(secretPointers(spec, config))) {
    const value = takeAt(open, pointer);
    if (value !== undefined) secrets[pointer] = value;
  }
  return { config: open, secrets };
}

/** Secrets after a change: what is not named stays where its place in the new configuration still exists, null removes. */
export function mergeSecrets(request: { stored: ConfigSecrets; changed: ConfigSecrets; config: JsonObject }): ConfigSecrets {
  const kept = Object.entries(request.stored).filter(([pointer]) => hasParent(request.config, pointer));
  const merged = { ...Object.fromEntries(kept), ...request.changed };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/** The configuration as a connector reads it. */
export function joinSecrets(config: JsonObject, secrets: ConfigSecrets): JsonObject {
  const whole = structuredClone(config);
  for (const [pointer, value] of Object.entries(secrets)) setAt(whole, pointer, value);
  return whole;
}
