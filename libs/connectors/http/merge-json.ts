import { isDict } from '../template/values.js';
import { equal } from '../template/operators.js';

/** Two parts of a request set the same key. */
export class KeyCollision extends Error {
  constructor(readonly key: string) {
    super(`two parts of the request set "${key}"`);
  }
}

/** Adds `source` to `target`, level by level; the same value twice is none too many. Throws KeyCollision. `target` is changed, `source` not. */
export function mergeJson(
  target: Record<string, unknown>,
  source: Readonly<Record<string, unknown>>,
  path: readonly string[] = [],
): void {
  for (const [key, value] of Object.entries(source)) {
    const at = [...path, key];
    if (!Object.hasOwn(target, key)) {
      target[key] = isDict(value) ? copy(value) : value;
      continue;
    }
    const known = target[key];
    if (isDict(known) && isDict(value)) mergeJson(known, value, at);
    else if (!equal(known, value)) throw new KeyCollision(at.join('.'));
  }
}

const copy = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, item]) => [key, isDict(item) ? copy(item) : item]));
