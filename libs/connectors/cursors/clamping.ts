import { calendarOf, MICROS_PER_DAY, momentOf, utc } from '../time/moment.js';

/** A period that windows begin and end with. */
export type ClampTarget = { period: 'DAY' | 'MONTH' } | { period: 'WEEK'; weekday: number };

/** 0 is Monday, as in Python. */
export const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;

/**
 * Moves a time (µs) to the beginning of the period that it lies in (`floor`) or of the next one (`ceil`); a time that begins one stays.
 * As in Airbyte a week or month looks at the date alone: the time of day of its first day is cut off, in either direction.
 */
export function clamp(micros: number, target: ClampTarget, direction: 'floor' | 'ceil'): number {
  const { year, month, day, weekday } = calendarOf(utc(micros));
  const midnight = Math.floor(micros / MICROS_PER_DAY) * MICROS_PER_DAY;
  const up = direction === 'ceil';
  switch (target.period) {
    case 'DAY':
      return up && midnight !== micros ? midnight + MICROS_PER_DAY : midnight;
    case 'WEEK': {
      const ahead = (target.weekday - weekday + 7) % 7;
      return midnight + (up || ahead === 0 ? ahead : ahead - 7) * MICROS_PER_DAY;
    }
    case 'MONTH':
      return day === 1 ? midnight : firstOf(year, up ? month + 1 : month);
  }
}

function firstOf(year: number, month: number): number {
  const fields = { day: 1, hour: 0, minute: 0, second: 0, micro: 0 };
  const moment = month > 12 ? momentOf({ ...fields, year: year + 1, month: 1 }, 0) : momentOf({ ...fields, year, month }, 0);
  return moment?.micros ?? 0;
}
