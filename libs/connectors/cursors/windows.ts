import { addDuration, type Duration } from '../time/duration.js';

/** A stretch of time, both ends inclusive, in µs. */
export interface Window {
  start: number;
  end: number;
}

/**
 * Cuts [lower, upper] into windows of `step`; each ends `granularity` before the next begins, the last one at `upper`. As Airbyte's concurrent
 * cursor: nothing when lower ≥ upper; one window without a step.
 */
export function* windowsBetween(range: {
  lower: number;
  upper: number;
  step: Duration | null;
  granularity: Duration | null;
}): Generator<Window> {
  const { lower, upper, step, granularity } = range;
  if (lower >= upper) return;
  for (let start = lower; ;) {
    const next = step === null ? upper : Math.min(addDuration(start, step), upper);
    if (next >= upper || next <= start) {
      yield { start, end: upper };
      return;
    }
    yield { start, end: granularity === null ? next : addDuration(next, granularity, -1) };
    start = next;
  }
}
