import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks until what it finds is what is wanted, and gives that: for what becomes so a moment later, where nothing tells when. Throws what it is instead after
 * `withinMs` (default 60,000).
 */
export async function eventually<T>(
  look: () => Promise<T> | T,
  wanted: (found: T) => boolean,
  { withinMs = 60_000, everyMs = 50 }: { withinMs?: number; everyMs?: number } = {},
): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await delay(everyMs)) {
    const found = await look();
    if (wanted(found)) return found;
    if (Date.now() > deadline) throw new Error(`after ${withinMs / 1_000} s it is ${JSON.stringify(found)}`);
  }
}
