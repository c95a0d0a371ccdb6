/**
 * Cuts [from, to] in two at a multiple of the granularity: the first half ends at `end`, the second begins at `start`, one granularity later. Null
 * where the halves would not be shorter, or the whole is no longer than `minimum`. In µs. Pure.
 */
export function halve(
  from: number,
  to: number,
  { granularity, minimum }: { granularity: number; minimum: number },
): { end: number; start: number } | null {
  if (granularity <= 0 || from >= to || to - from <= minimum) return null;
  const units = Math.floor((to - from) / granularity) + 1;
  if (units <= 1) return null;
  const end = from + (Math.floor(units / 2) - 1) * granularity;
  const start = end + granularity;
  return from <= end && start <= to ? { end, start } : null;
}
