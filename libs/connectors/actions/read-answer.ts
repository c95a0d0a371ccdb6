import { isObject, parseJson, stringifyJson } from '../../json/index.js';

/** A JSON value at a path; undefined: it is not there. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner)) return /^\d+$/.test(step) ? inner[Number(step)] : undefined;
    return isObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined;
  }, value);
}

/** A body as JSON, with every digit; a text where it is none; null where it is empty. */
export function readBody(body: Buffer): unknown {
  if (body.length === 0) return null;
  const text = body.toString('utf8');
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** JSON text of what is at `path`; null where nothing is. */
export const resultAt = (value: unknown, path: readonly string[]): string => stringifyJson(valueAt(value, path) ?? null);

/** Whether a lookup found something: not null, and no empty list. */
export function isFound(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}
