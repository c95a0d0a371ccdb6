import { expect, it } from '@jest/globals';
import type { Schedule } from '../contracts/sync-spec.schema.js';
import { lateness } from './lateness.policy.js';

const schedule: Schedule = { cron: '0 * * * *', timezone: 'UTC', jitter_seconds: 60, overlap: 'skip', paused: false };
const long = new Date('2020-01-01T00:00:00Z');
const at = (time: string, given: Partial<Parameters<typeof lateness>[0]> = {}) =>
  lateness({ schedule, scheduleSince: long, isActive: false, succeededAt: null, ...given }, new Date(`2026-01-01T${time}Z`));
const missed = (time: string, allowanceSeconds = 600) => ({
  is: 'late',
  since: new Date(`2026-01-01T${time}Z`),
  allowanceSeconds,
});

it('a sync is late when its time, jitter and allowance have passed without a run', () => {
  expect(at('09:11:00.001')).toEqual(missed('09:00:00'));
  expect(at('09:10:59', { succeededAt: new Date('2026-01-01T08:00:30Z') })).toEqual({ is: 'on_time' });
  const quick = { ...schedule, jitter_seconds: 0, late_after_seconds: 5 };
  expect(at('09:00:06', { schedule: quick })).toEqual(missed('09:00:00', 5));
  const everyMinute: Schedule = { interval_seconds: 60, timezone: 'UTC', jitter_seconds: 0, overlap: 'skip', paused: false };
  expect(at('09:10:01', { schedule: everyMinute })).toEqual(missed('09:00:00'));
});

it('one with a run under way, or one that succeeded since, is not; nor is one that had no such time, or is paused', () => {
  expect(at('09:30:00', { isActive: true })).toEqual({ is: 'on_time' });
  expect(at('09:30:00', { succeededAt: new Date('2026-01-01T09:00:20Z') })).toEqual({ is: 'on_time' });
  expect(at('09:30:00', { succeededAt: new Date('2026-01-01T08:59:59Z') })).toEqual(missed('09:00:00'));
  expect(at('09:30:00', { scheduleSince: new Date('2026-01-01T09:05:00Z') })).toEqual({ is: 'on_time' });
  expect(at('09:30:00', { schedule: { ...schedule, paused: true } })).toEqual({ is: 'on_time' });
  expect(at('09:30:00', { schedule: null })).toEqual({ is: 'on_time' });
});
