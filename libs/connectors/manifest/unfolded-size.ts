import { isObject } from './tree.js';

/** What a tree would be if every shared part were written out. */
export interface UnfoldedSize {
  parts: number;
  characters: number;
  depth: number;
}

/** Far above every known manifest (the largest unfold to some 100,000 parts in 30 levels), far below what hurts. */
export const MANIFEST_LIMITS: UnfoldedSize = { parts: 1_000_000, characters: 32_000_000, depth: 200 };

export class TooLarge extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Measures what aliases and references share without unfolding it: each shared part is walked once. Throws TooLarge, for keys named
 * `__proto__` too: no parser, merge or database treats them alike.
 */
export function unfoldedSize(root: unknown, limits: UnfoldedSize = MANIFEST_LIMITS): UnfoldedSize {
  const known = new WeakMap<object, UnfoldedSize>();

  const measure = (value: unknown, path: string, level: number): UnfoldedSize => {
    if (typeof value !== 'object' || value === null)
      return { parts: 1, characters: typeof value === 'string' ? value.length : 8, depth: 0 };
    const before = known.get(value);
    if (before !== undefined && level + before.depth <= limits.depth) return before;
    if (level > limits.depth) throw new TooLarge(path, `the manifest is nested deeper than ${limits.depth} levels`);
    const size = { parts: 1, characters: 2, depth: 0 };
    const children: readonly (readonly [string | number, unknown])[] = isObject(value)
      ? Object.entries(value)
      : (value as unknown[]).map((item, index) => [index, item] as const);
    for (const [key, item] of children) {
      if (key === '__proto__') throw new TooLarge(`${path}/${key}`, 'a key cannot be called __proto__');
      const inner = measure(item, `${path}/${key}`, level + 1);
      size.parts += inner.parts;
      size.characters += inner.characters + (typeof key === 'string' ? key.length : 0);
      size.depth = Math.max(size.depth, inner.depth + 1);
      if (size.parts > limits.parts) throw new TooLarge(path, `the manifest unfolds to more than ${limits.parts} parts`);
      if (size.characters > limits.characters)
        throw new TooLarge(path, `the manifest unfolds to more than ${limits.characters} characters`);
    }
    known.set(value, size);
    return size;
  };

  return measure(root, '', 0);
}
