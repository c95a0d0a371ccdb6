import type { JsonObject } from '../../contracts/json.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { scopeOf } from '../source/environment.js';

/** The configuration that a scope speaks of. */
export const configOf = (scope: Scope): JsonObject => {
  const { config } = scope.names;
  return isObject(config) ? (config as JsonObject) : {};
};

/** The scope of what belongs to the connection and not to a slice or page: credentials are the same for all of them. */
export const configScope = (scope: Scope): Scope => scopeOf(configOf(scope), scope.nowMs, null);

/** The value at a path of the configuration; undefined when there is none. List items are found by their index. */
export function atPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, step) => {
    if (Array.isArray(found)) return (found as unknown[])[Number(step)];
    return isObject(found) && Object.hasOwn(found, step) ? found[step] : undefined;
  }, value);
}
