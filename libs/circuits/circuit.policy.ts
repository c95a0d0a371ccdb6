/** So many failures in a row open a circuit: more than one request's own retries, and more than the eight pages that may be under way. */
const IN_A_ROW = 20;
/** Half of the calls of a minute, where there were enough to tell. */
const WINDOW_MS = 60_000;
const ENOUGH_CALLS = 50;
const BROKEN_SHARE = 0.5;

const FIRST_OPEN_MS = 5_000;
const LONGEST_OPEN_MS = 300_000;

/** What one process has seen of a host lately. */
export interface Health {
  inARow: number;
  calls: number;
  broken: number;
  sinceMs: number;
}

export const healthAt = (nowMs: number): Health => ({ inARow: 0, calls: 0, broken: 0, sinceMs: nowMs });

/** Pure: what is known after a call that worked or did not. */
export function afterCall(health: Health, { broken, nowMs }: { broken: boolean; nowMs: number }): Health {
  const known = nowMs - health.sinceMs >= WINDOW_MS ? { ...healthAt(nowMs), inARow: health.inARow } : health;
  return {
    inARow: broken ? known.inARow + 1 : 0,
    calls: known.calls + 1,
    broken: known.broken + (broken ? 1 : 0),
    sinceMs: known.sinceMs,
  };
}

/** Why the circuit has to open; null: it need not. */
export function reasonToOpen({ inARow, calls, broken }: Health): string | null {
  if (inARow >= IN_A_ROW) return `${inARow} calls in a row failed`;
  if (calls >= ENOUGH_CALLS && broken >= calls * BROKEN_SHARE) return `${broken} of ${calls} calls within a minute failed`;
  return null;
}

/** How long a circuit stays open before a probe; `level`: how many probes have failed. */
export const openMs = (level: number): number => Math.min(LONGEST_OPEN_MS, FIRST_OPEN_MS * 2 ** Math.min(level, 10));
