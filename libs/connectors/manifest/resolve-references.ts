import { isObject, type Tree } from './tree.js';
import { escapePointer, unescapePointer } from './parse-manifest.js';

export class ReferenceError extends Error {
  constructor(
    readonly path: string,
    message: string,
    readonly found: string,
  ) {
    super(message);
  }
}

/** Where each part of a resolved tree stands in the manifest's own text. */
export interface Origins {
  of(container: object, key: string | number): string | undefined;
}

export interface ResolvedManifest {
  tree: unknown;
  origins: Origins;
}

const MAX_NODES = 2_000_000;

/**
 * Replaces `$ref` and bare `"#/a/b"` texts by what they name; keys beside `$ref` override the keys of what it names. Every use gets its own
 * copy. Throws ReferenceError for targets that are missing or lead back to themselves.
 */
export function resolveReferences(root: unknown): ResolvedManifest {
  const places = new WeakMap<object, Map<string | number, string>>();
  let nodes = 0;

  const remember = (container: object, key: string | number, path: string): void => {
    const known = places.get(container) ?? new Map<string | number, string>();
    places.set(container, known.set(key, path));
  };

  const follow = (reference: string, path: string, active: readonly string[]): unknown => {
    if (active.includes(reference)) throw new ReferenceError(path, 'the reference leads back to itself', reference);
    let target = root;
    const keys = reference.slice(2).split('/').map(unescapePointer);
    for (const [index, key] of keys.entries()) {
      // Keys may hold a slash of their own: the rest as one key is tried too.
      const rest = keys.slice(index).join('/');
      if (isObject(target) && Object.hasOwn(target, rest)) {
        target = target[rest];
        break;
      }
      const child: unknown = Array.isArray(target)
        ? (target as unknown[])[Number(key)]
        : isObject(target) && Object.hasOwn(target, key)
          ? target[key]
          : undefined;
      if (child === undefined) throw new ReferenceError(path, 'the reference names nothing', reference);
      // A reference on the way, as in "#/definitions/a/b" where a is one.
      target =
        isObject(child) && typeof child['$ref'] === 'string'
          ? visit(child, `#/${keys.slice(0, index + 1).join('/')}`.slice(1), [...active, reference])
          : child;
    }
    return visit(target, `/${keys.map(escapePointer).join('/')}`, [...active, reference]);
  };

  const visit = (value: unknown, path: string, active: readonly string[]): unknown => {
    if (++nodes > MAX_NODES) throw new ReferenceError(path, `references unfold to more than ${MAX_NODES} parts`, '');
    if (typeof value === 'string' && /^#\/\S+$/.test(value)) return follow(value, path, active);
    if (Array.isArray(value)) {
      const list: unknown[] = [];
      value.forEach((item, index) => {
        list.push(visit(item, `${path}/${index}`, active));
        remember(list, index, `${path}/${index}`);
      });
      return list;
    }
    if (!isObject(value)) return value;
    const merged: Tree = {};
    const reference = value['$ref'];
    if (typeof reference === 'string') {
      if (!reference.startsWith('#/'))
        throw new ReferenceError(`${path}/$ref`, 'only references within the manifest ("#/…") are known', reference);
      const target = follow(reference, `${path}/$ref`, active);
      if (!isObject(target)) return target;
      for (const [key, item] of Object.entries(target)) {
        merged[key] = item;
        remember(merged, key, places.get(target)?.get(key) ?? path);
      }
    }
    for (const [key, item] of Object.entries(value)) {
      if (key === '$ref' && typeof reference === 'string') continue;
      merged[key] = visit(item, `${path}/${escapePointer(key)}`, active);
      remember(merged, key, `${path}/${escapePointer(key)}`);
    }
    return merged;
  };

  // `definitions` exist to be referred to: unfolding them for themselves would cost much and yield nothing.
  const { definitions: _definitions, ...used } = isObject(root) ? root : {};
  return {
    tree: isObject(root) ? visit(used, '', []) : root,
    origins: { of: (container, key) => places.get(container)?.get(key) },
  };
}
