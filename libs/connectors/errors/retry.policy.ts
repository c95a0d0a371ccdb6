/** Trouble by how the next wait is known: a strategy told it, the source limits the rate, or neither. */
type RetryKind = 'told' | 'rate_limited' | 'other';

/** A request that fails for so long is given up, as in Airbyte. */
const LONGEST_RETRYING_MS = 600_000;

/** What happened to one request so far. Pure. */
export interface Tries {
  /** In all. */
  readonly attempt: number;
  /** Of each kind since the last trouble of a wider kind. */
  readonly counts: Readonly<Record<RetryKind, number>>;
  /** Since the first try, waits included. */
  readonly elapsedMs: number;
}

export const FIRST_TRY: Tries = { attempt: 1, counts: { told: 0, rate_limited: 0, other: 0 }, elapsedMs: 0 };

/**
 * After a failed try: the wait before the next one in ms, or null to give up. `waitSeconds`: what a strategy of the manifest says, if one does;
 * a second is added for clocks that differ. Without one the waits are 1, 2, 4 … seconds, the last one no longer than what is left of the ten minutes.
 * Airbyte counts tries in nested loops: trouble of a wider kind lets a narrower one begin anew.
 */
export function nextTry(
  tries: Tries,
  trouble: { rateLimited: boolean; waitSeconds: number | null; maxRetries: number },
): { tries: Tries; waitMs: number } | null {
  const kind: RetryKind = trouble.waitSeconds !== null ? 'told' : trouble.rateLimited ? 'rate_limited' : 'other';
  const counts = counted(tries.counts, kind);
  if (counts[kind] > trouble.maxRetries) return null;
  if (kind !== 'rate_limited' && tries.elapsedMs >= LONGEST_RETRYING_MS) return null;
  const doubled = 1_000 * 2 ** (counts[kind] - 1);
  const left = kind === 'other' ? LONGEST_RETRYING_MS - tries.elapsedMs : Infinity;
  const waitMs = trouble.waitSeconds === null ? Math.min(doubled, left) : 1_000 * (trouble.waitSeconds + 1);
  return { tries: { attempt: tries.attempt + 1, counts, elapsedMs: tries.elapsedMs + waitMs }, waitMs };
}

function counted(counts: Tries['counts'], kind: RetryKind): Tries['counts'] {
  switch (kind) {
    case 'told':
      return { ...counts, told: counts.told + 1 };
    case 'rate_limited':
      return { ...counts, told: 0, rate_limited: counts.rate_limited + 1 };
    case 'other':
      return { told: 0, rate_limited: 0, other: counts.other + 1 };
    default: {
      const never: never = kind;
      throw new Error(`unknown kind ${String(never)}`);
    }
  }
}
