/** Airbyte's pause between two looks at a job. */
export const POLL_EVERY_MS = 5_000;
/** Jobs that take longer are waited for without holding a worker's slot. */
const PATIENT_FOR_MS = 30_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * How long to wait before a job's status is asked for again, and whether that is worth leaving for: 5 s at first, then a quarter of the job's
 * age, at most a minute, so that a job of hours costs few calls and ends at most a quarter late.
 */
export function pollPause(ageMs: number): { waitMs: number; leave: boolean } {
  const waitMs = Math.min(LONGEST_PAUSE_MS, Math.max(POLL_EVERY_MS, ageMs / 4));
  return { waitMs, leave: ageMs >= PATIENT_FOR_MS };
}
