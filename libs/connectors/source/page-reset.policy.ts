import { SluiceError } from '../../errors/index.js';

/** When and how a slice's pages are asked for from their beginning. */
export interface PaginationReset {
  /** From the highest cursor value that was read, instead of the same slice again. */
  byCursor: boolean;
  /** Records after which to do so unasked. */
  limit: number | null;
}

/** As Airbyte does it where the manifest says nothing. */
export const PLAIN_RESET: PaginationReset = { byCursor: false, limit: null };

/**
 * Counts resets that change nothing: with a cursor the first is one too many, since the same pages would come for ever; without one it is taken
 * for a retry, and the second is. Returns the new count; throws SOURCE_BAD_RESPONSE.
 */
export function countReset(
  unchanged: number,
  { changed, byCursor, stream }: { changed: boolean; byCursor: boolean; stream: string },
): number {
  if (changed) return 0;
  const count = unchanged + 1;
  if (count < (byCursor ? 1 : 2)) return count;
  throw new SluiceError('SOURCE_BAD_RESPONSE', {
    detail: `stream ${stream}: reading from the beginning again leads nowhere, since the slice did not become smaller`,
    details: { stream, failure_type: 'system_error' },
  });
}
