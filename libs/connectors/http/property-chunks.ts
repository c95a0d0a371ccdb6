/** How a list of properties is cut where a source takes so many at once. */
export interface PropertyChunking {
  by: 'characters' | 'property_count';
  /** null: no limit. */
  limit: number | null;
  /** Fields whose values tell which records belong together. */
  key: readonly string[];
}

/** Between two names in a request: a comma and its quoting. */
const SEPARATOR_CHARACTERS = 3;

/**
 * The properties of each request, in order. `wanted`: only these (null: all); `always`: in every request, counted against no limit. Without a limit
 * nothing is left out and `always` comes last, as in Airbyte. Pure.
 */
export function propertyChunks(
  properties: readonly string[],
  {
    chunking,
    always,
    wanted,
  }: { chunking: PropertyChunking | null; always: readonly string[]; wanted: ReadonlySet<string> | null },
): string[][] {
  const kept = wanted === null ? properties : properties.filter((name) => wanted.has(name));
  if (chunking === null) return [[...always, ...kept]];
  if (chunking.limit === null || chunking.limit === 0) return [[...properties, ...always]];
  const chunks: string[][] = [];
  let current = [...always];
  let size = 0;
  for (const name of kept) {
    const cost = chunking.by === 'characters' ? name.length + SEPARATOR_CHARACTERS : 1;
    if (size + cost > chunking.limit) {
      chunks.push(current);
      current = [...always];
      size = 0;
    }
    current.push(name);
    size += cost;
  }
  return [...chunks, current];
}
