/** In ms. Nothing that a provider says holds an account longer: a day, the longest period that a limit may declare. */
export const MAX_SAID_MS = 86_400_000;

/** Whole milliseconds, none negative, at most MAX_SAID_MS. */
export const boundedWait = (ms: number): number => Math.min(Math.max(0, Math.ceil(ms)), MAX_SAID_MS);

/**
 * A wait as headers like `Retry-After` say it, in ms from `clockMs`; null: not said, or not understood. Seconds from now, seconds or milliseconds since the epoch (by size: no wait is 30 years long), an HTTP date or an ISO time.
 */
export function saidWait(value: string | undefined, clockMs: number): number | null {
  if (value === undefined || value === '') return null;
  if (/^\d+(\.\d+)?$/.test(value)) {
    const number = Number(value);
    if (number >= 1e12) return boundedWait(number - clockMs);
    if (number >= 1e9) return boundedWait(number * 1000 - clockMs);
    return boundedWait(number * 1000);
  }
  const date = httpDate(value);
  return date === null ? null : boundedWait(date - clockMs);
}

/** A date of a header, in ms since the epoch; null: none. Only what looks like one: Date.parse reads words like `x-1` as one. */
export function httpDate(value: string | undefined): number | null {
  if (value === undefined || !/^([A-Z][a-z]{2}, |\d{4}-\d{2}-\d{2}T)/.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
