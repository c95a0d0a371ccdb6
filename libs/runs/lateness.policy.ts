import type { SyncPunctuality } from '../store/index.js';
import { lastFireTime } from './fire-times.policy.js';

/** How long after a time of its schedule, jitter included, a sync may be without a run. */
export const LATE_AFTER_SECONDS = 600;

export type Lateness =
  /** It missed `since`; a run is allowed until `allowanceSeconds` later. */
  { is: 'late'; since: Date; allowanceSeconds: number } | { is: 'on_time' };

/** Whether a time of a sync's schedule passed, by more than its allowance, after which no run succeeded while none is active. Pure. */
export function lateness(
  {
    schedule,
    scheduleSince,
    isActive,
    succeededAt,
  }: Pick<SyncPunctuality, 'schedule' | 'scheduleSince' | 'isActive' | 'succeededAt'>,
  now: Date,
): Lateness {
  const allowanceSeconds = schedule?.late_after_seconds ?? LATE_AFTER_SECONDS;
  const allowed = ((schedule?.jitter_seconds ?? 0) + allowanceSeconds) * 1_000;
  const since = lastFireTime(schedule, new Date(now.getTime() - allowed));
  const missed = since !== null && since > scheduleSince && !isActive && (succeededAt === null || succeededAt < since);
  return missed ? { is: 'late', since, allowanceSeconds } : { is: 'on_time' };
}
