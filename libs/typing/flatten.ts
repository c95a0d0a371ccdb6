import type { JsonSchema } from '../contracts/json.js';
import { isPlain } from './type-of-value.js';

/** Keys of a path at most: what lies deeper stays JSON. */
export const MAX_KEYS = 5;

/** Whether an object is taken apart: a plain one that has fields. Numbers and dates that are objects have a text of their own. */
export function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && isPlain(value) && Object.keys(value).length > 0;
}

/** Paths of the fields of a schema, in order: those inside objects for the objects. An object whose fields the schema does not name has none yet. */
export function nestedPaths(name: string, schema: JsonSchema | undefined): string[][] {
  const walk = (path: string[], inner: JsonSchema | undefined): string[][] => {
    if (inner === undefined || path.length >= MAX_KEYS || !isObject(inner)) return [path];
    return Object.entries(inner.properties ?? {}).flatMap(([key, property]) => walk([...path, key], property));
  };
  return walk([name], schema);
}

/** The schema at a path; undefined: there is none. */
export function schemaAt(properties: Readonly<Record<string, JsonSchema>>, path: readonly string[]): JsonSchema | undefined {
  const [first, ...rest] = path;
  if (first === undefined || !Object.hasOwn(properties, first)) return undefined;
  const schema = properties[first];
  return rest.length === 0 ? schema : schemaAt(schema?.properties ?? {}, rest);
}

function isObject({ type }: JsonSchema): boolean {
  const kinds = [type ?? []].flat().filter((kind) => kind !== 'null');
  return kinds.length === 1 && kinds[0] === 'object';
}

/** Calls `visit` for every field that nested objects come down to. */
export function eachField(
  record: Readonly<Record<string, unknown>>,
  visit: (path: readonly string[], value: unknown) => void,
  before: readonly string[] = [],
): void {
  for (const key of Object.keys(record)) {
    const path = [...before, key];
    const value = record[key];
    if (path.length < MAX_KEYS && isNested(value)) eachField(value, visit, path);
    else visit(path, value);
  }
}
