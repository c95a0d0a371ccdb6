import { addDuration, type Duration } from '../time/duration.js';
import { clamp, type ClampTarget } from './clamping.js';

/** A stretch of time, both ends inclusive, in µs. */
export interface Window {
  start: number;
  end: number;
}

export interface Cutting {
  /** Where the configuration begins; nothing before it is read. */
  begin: number;
  step: Duration | null;
  granularity: Duration | null;
  clamping: ClampTarget | null;
  /** The source refuses start = end (`is_compare_strictly`). */
  strict: boolean;
}

/**
 * Cuts [lower, upper] into windows of `step`, as Airbyte's concurrent cursor does: each ends a granularity before the next begins. The last one
 * ends at `upper` where that is the end of the plan (`last`), else a granularity before it, since what comes then was read. With clamping every
 * boundary moves up to the beginning of a period.
 */
export function* windowsBetween(lower: number, upper: number, last: boolean, cutting: Cutting): Generator<Window> {
  const { begin, step, clamping, strict } = cutting;
  // A granularity of no length is none, as in Airbyte: a window from a moment to itself would be empty.
  const granularity = cutting.granularity?.months === 0 && cutting.granularity.micros === 0 ? null : cutting.granularity;
  if (lower > upper || (lower === upper && granularity === null) || upper < begin) return;
  const up = (micros: number): number => (clamping === null ? micros : clamp(micros, clamping, 'ceil'));
  const back = (micros: number): number => (granularity === null ? micros : addDuration(micros, granularity, -1));
  let start = up(Math.max(lower, begin));
  if (start > upper || (start === upper && (strict || !last))) return;
  if (step === null || addDuration(start, step) >= upper) {
    const end = last && granularity !== null ? upper : up(upper);
    yield { start, end: last ? end : back(end) };
    return;
  }
  for (;;) {
    const next = Math.min(addDuration(start, step), upper);
    const end = next === upper ? upper : up(next);
    const reached = next >= upper || end === upper;
    if (up(start) >= end) return;
    yield { start: up(start), end: last && reached ? end : back(end) };
    if (reached) return;
    start = end;
  }
}
