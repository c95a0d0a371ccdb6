import { createHash } from 'node:crypto';

/** JSON with sorted keys and without `undefined`: equal values have equal text. Integers beyond 2^53 are texts of their digits and `n`. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : typeof inner === 'bigint'
        ? `${inner}n`
        : inner,
  );
}

/** SHA-256 (hex) of the canonical JSON: how manifests, catalogs and sync versions are pinned. */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
