import { expect, test } from '@jest/globals';
import type { Schedule } from '../../../libs/contracts/sync-spec.schema.js';
import { nextFireTimes } from '../../../libs/runs/fire-times.policy.js';
import { scheduleErrors } from './schedule.policy.js';

const now = new Date('2026-03-28T12:00:00Z');
const schedule = (change: Partial<Schedule>): Schedule => ({
  timezone: 'UTC',
  jitter_seconds: 0,
  overlap: 'skip',
  paused: false,
  ...change,
});
const errorsOf = (change: Partial<Schedule>) => scheduleErrors(schedule(change), now).map(({ path }) => path);

test('a cron that is none, or never fires, and a zone that is none are refused', () => {
  for (const cron of ['every day', '61 * * * *', '* * * * * *', '@daily', '0 0 L * *', '0 0 31 2 *', '', '0 0 * * 1#2'])
    expect(errorsOf({ cron })).toEqual(['/schedule/cron']);
  expect(errorsOf({ cron: '* * * * *', timezone: 'Mars/Base' })).toEqual(['/schedule/timezone']);
  expect(errorsOf({ interval_seconds: 60, timezone: '+02:00' })).toEqual(['/schedule/timezone']);
  for (const cron of ['*/5 * * * *', '0 3 * * MON-FRI', '15,45 8-18 1 jan,jul *', '0 0 * * 7'])
    expect(errorsOf({ cron })).toEqual([]);
});

test('cron times are those of the zone, across the change of the clock', () => {
  const times = nextFireTimes(schedule({ cron: '0 9 * * *', timezone: 'Europe/Berlin' }), now, 2);
  expect(times.map((time) => time.toISOString())).toEqual(['2026-03-29T07:00:00.000Z', '2026-03-30T07:00:00.000Z']);
});

test('a day of the month and a weekday must both match, as in Temporal', () => {
  expect(nextFireTimes(schedule({ cron: '0 0 13 * FRI' }), now, 1)[0]?.toISOString()).toBe('2026-11-13T00:00:00.000Z');
});

test('intervals count from the epoch, and a paused or absent schedule has no times', () => {
  expect(
    nextFireTimes(schedule({ interval_seconds: 3_600 }), new Date('2026-01-01T00:59:59.999Z'), 2).map((t) => t.toISOString()),
  ).toEqual(['2026-01-01T01:00:00.000Z', '2026-01-01T02:00:00.000Z']);
  expect(nextFireTimes(schedule({ interval_seconds: 60, paused: true }), now, 5)).toEqual([]);
  expect(nextFireTimes(null, now, 5)).toEqual([]);
});
