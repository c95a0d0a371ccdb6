import { isObject, type Tree } from './tree.js';
import { escapePointer } from '../../json/index.js';
import { MANIFEST_LIMITS } from './unfolded-size.js';

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
  /** Parts that are referred to several times are shared: never to be changed. */
  tree: unknown;
  origins: Origins;
}

/** Its value is a connector's configuration, in which a text may look like a reference. */
const TAKEN_AS_IT_IS = 'config_overrides';

/** A container's own pointer, and its parts that stand somewhere else. */
interface Place {
  pointer: string;
  moved: Map<string, string> | null;
}

/**
 * Replaces `$ref` and bare `"#/a/b"` texts by what they name; keys beside `$ref` override the keys of what it names. What is referred to is
 * resolved once and shared, so that references to references cost no more than their text. Throws ReferenceError for targets that are
 * missing, lead back to themselves or are nested too deep.
 */
export function resolveReferences(root: unknown): ResolvedManifest {
  const places = new WeakMap<object, Place>();
  const resolved = new Map<string, unknown>();
  const active = new Set<string>();
  const pointerOf = (container: object, key: string | number): string | undefined => {
    const place = places.get(container);
    return place && (place.moved?.get(String(key)) ?? `${place.pointer}/${escapePointer(String(key))}`);
  };

  const follow = (reference: string, path: string, level: number): unknown => {
    if (active.has(reference)) throw new ReferenceError(path, 'the reference leads back to itself', reference);
    if (resolved.has(reference)) return resolved.get(reference);
    active.add(reference);
    const { value, pointer } = find(reference, path, level);
    const target = visit(value, pointer, level);
    active.delete(reference);
    resolved.set(reference, target);
    return target;
  };

  const find = (reference: string, path: string, level: number): { value: unknown; pointer: string } => {
    let [value, pointer] = [root, ''];
    const keys = reference.slice(2).split('/');
    for (const [index, key] of keys.entries()) {
      // Keys may hold a slash of their own: the rest as one key is tried first.
      const rest = keys.slice(index).join('/');
      if (isObject(value) && Object.hasOwn(value, rest))
        return { value: value[rest], pointer: `${pointer}/${escapePointer(rest)}` };
      const child: unknown = Array.isArray(value)
        ? (value as unknown[])[Number(key)]
        : isObject(value) && Object.hasOwn(value, key)
          ? value[key]
          : undefined;
      if (child === undefined) throw new ReferenceError(path, 'the reference names nothing', reference);
      pointer = `${pointer}/${escapePointer(key)}`;
      // A reference on the way, as in "#/definitions/a/b" where a is one.
      value = isObject(child) && typeof child['$ref'] === 'string' ? visit(child, pointer, level + 1) : child;
    }
    return { value, pointer };
  };

  const visit = (value: unknown, path: string, level: number): unknown => {
    if (level > MANIFEST_LIMITS.depth)
      throw new ReferenceError(path, `the manifest is nested deeper than ${MANIFEST_LIMITS.depth} levels`, '');
    if (typeof value === 'string') return value.startsWith('#/') ? follow(value, path, level + 1) : value;
    if (Array.isArray(value)) {
      const list = value.map((item, index) => visit(item, `${path}/${index}`, level + 1));
      places.set(list, { pointer: path, moved: null });
      return list;
    }
    return isObject(value) ? visitObject(value, path, level) : value;
  };

  const visitObject = (value: Tree, path: string, level: number): unknown => {
    const merged: Tree = {};
    const place: Place = { pointer: path, moved: null };
    const reference = value['$ref'];
    if (reference !== undefined) {
      const target = visit(reference, `${path}/$ref`, level + 1);
      // As Airbyte reads it: what is no object takes the place of the whole.
      if (!isObject(target)) return target;
      place.moved = new Map();
      for (const [key, item] of Object.entries(target)) {
        merged[key] = item;
        place.moved.set(key, pointerOf(target, key) ?? path);
      }
    }
    for (const [key, item] of Object.entries(value)) {
      if (key === '$ref') continue;
      const at = `${path}/${escapePointer(key)}`;
      merged[key] = key === TAKEN_AS_IT_IS ? item : visit(item, at, level + 1);
      place.moved?.set(key, at);
    }
    places.set(merged, place);
    return merged;
  };

  // `definitions` exist to be referred to: what nobody refers to may be broken.
  const { definitions: _definitions, ...used } = isObject(root) ? root : {};
  return { tree: isObject(root) ? visit(used, '', 0) : root, origins: { of: pointerOf } };
}
