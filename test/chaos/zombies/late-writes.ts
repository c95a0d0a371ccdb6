import type { LedgerLine } from '../warehouse.js';

/** Chunks that an older attempt committed after a newer one had: what the fence is there to refuse. Lines in the order of commits. Pure. */
export function lateWrites(ledger: readonly LedgerLine[]): LedgerLine[] {
  const newest = new Map<string, number>();
  return ledger.filter(({ slice_id, fence }) => {
    const before = newest.get(slice_id) ?? 0;
    newest.set(slice_id, Math.max(before, fence));
    return fence < before;
  });
}
