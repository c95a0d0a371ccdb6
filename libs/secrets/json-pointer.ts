import type { JsonObject, JsonValue } from '../contracts/json.js';
import { pointerNames } from '../json/index.js';

/** Names that would reach into the prototype instead of the object. */
const isUnsafe = (token: string): boolean => token === '__proto__' || token === 'constructor' || token === 'prototype';

const isContainer = (value: JsonValue | undefined): value is JsonObject | JsonValue[] =>
  typeof value === 'object' && value !== null;
const child = (value: JsonObject | JsonValue[], token: string): JsonValue | undefined =>
  Object.hasOwn(value, token) ? (value as JsonObject)[token] : undefined;

/** The container that holds the pointer's last token; null when it is not there. */
function parentOf(root: JsonObject, tokens: readonly string[]): JsonObject | JsonValue[] | null {
  let at: JsonObject | JsonValue[] = root;
  for (const token of tokens.slice(0, -1)) {
    const next: JsonValue | undefined = child(at, token);
    if (!isContainer(next)) return null;
    at = next;
  }
  return at;
}

/** Whether the value could be put at `pointer`: everything above it is there. */
export function hasParent(root: JsonObject, pointer: string): boolean {
  return parentOf(root, pointerNames(pointer)) !== null;
}

/** Sets in place; false when what should hold the value is not there. */
export function setAt(root: JsonObject, pointer: string, value: JsonValue): boolean {
  const tokens = pointerNames(pointer);
  const last = tokens.at(-1);
  const parent = parentOf(root, tokens);
  if (parent === null || last === undefined || tokens.some(isUnsafe)) return false;
  (parent as JsonObject)[last] = value;
  return true;
}

/** Takes out in place and returns what was there; undefined when nothing was. */
export function takeAt(root: JsonObject, pointer: string): JsonValue | undefined {
  const tokens = pointerNames(pointer);
  const last = tokens.at(-1);
  const parent = parentOf(root, tokens);
  if (parent === null || last === undefined || !Object.hasOwn(parent, last)) return undefined;
  const value = (parent as JsonObject)[last];
  delete (parent as JsonObject)[last];
  return value;
}
