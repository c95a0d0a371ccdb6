import { Cron } from 'croner';
import type { Schedule } from '../contracts/sync-spec.schema.js';

/** With Temporal's reading of a day that is named twice: the day of the month and the weekday must both match. Throws what the library throws. */
export const parseCron = (cron: string, timezone: string): Cron =>
  new Cron(cron, { paused: true, mode: '5-part', domAndDow: true, timezone });

/** The next times that the schedule names after `now`, before jitter; none while it is paused. Pure. */
export function nextFireTimes(schedule: Schedule | null, now: Date, count: number): Date[] {
  if (schedule === null || schedule.paused) return [];
  if (schedule.cron !== undefined) return parseCron(schedule.cron, schedule.timezone).nextRuns(count, now);
  const interval = intervalMs(schedule);
  const first = (Math.floor(now.getTime() / interval) + 1) * interval;
  return Array.from({ length: count }, (_, n) => new Date(first + n * interval));
}

/** The last time that the schedule named before `now`, before jitter; null: none, or it is paused. Pure. */
export function lastFireTime(schedule: Schedule | null, now: Date): Date | null {
  if (schedule === null || schedule.paused) return null;
  if (schedule.cron !== undefined) return parseCron(schedule.cron, schedule.timezone).previousRuns(1, now)[0] ?? null;
  const interval = intervalMs(schedule);
  return new Date((Math.ceil(now.getTime() / interval) - 1) * interval);
}

/** Temporal counts intervals from the epoch. */
const intervalMs = ({ interval_seconds: seconds }: Schedule): number => (seconds ?? 0) * 1_000;
