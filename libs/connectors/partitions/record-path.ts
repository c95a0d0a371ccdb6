import { isObject } from '../manifest/tree.js';

/**
 * The one value that a path leads to; `*` and `?` in a step match as in a file name, a number is a place in a list. Undefined where the path leads
 * nowhere. As Airbyte's (dpath's) `get`: more than one match is an error, which throws here what `several` makes.
 */
export function valueAt(record: unknown, path: readonly string[], several: () => Error): unknown {
  let found: unknown[] = [record];
  for (const step of path) found = found.flatMap((target) => children(target, step));
  if (found.length > 1) throw several();
  return found[0];
}

function children(target: unknown, step: string): unknown[] {
  const wild = /[*?[]/.test(step);
  if (Array.isArray(target)) {
    if (wild) return target.filter((_item, index) => matcher(step).test(String(index)));
    return /^\d+$/.test(step) && Number(step) < target.length ? [target[Number(step)]] : [];
  }
  if (!isObject(target)) return [];
  if (Object.hasOwn(target, step)) return [target[step]];
  return wild ? Object.keys(target).flatMap((key) => (matcher(step).test(key) ? [target[key]] : [])) : [];
}

const matcher = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[\\^$.+(){}|]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')
      .replace(/\[!/g, '[^')}$`,
    's',
  );
