import { MICROS_PER_DAY, MICROS_PER_SECOND, calendarOf, momentOf, utc } from './moment.js';

/** An ISO 8601 duration: calendar months apart from exact microseconds, since a month has no fixed length. */
export interface Duration {
  readonly months: number;
  readonly micros: number;
}

const FORM =
  /^(-)?P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** `P30D`, `P1M`, `PT1S`, `P1Y2M3DT4H5M6.5S`, `P2W`; null when the text is none. */
export function parseDuration(text: string): Duration | null {
  const match = FORM.exec(text.trim());
  if (match === null || /^-?PT?$/.test(text.trim()) || text.trim().endsWith('T')) return null;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(2)
    .map((part) => Number(part ?? 0));
  const sign = match[1] === undefined ? 1 : -1;
  const exact = (weeks * 7 + days) * MICROS_PER_DAY + (hours * 3_600 + minutes * 60 + seconds) * MICROS_PER_SECOND;
  return { months: sign * (years * 12 + months), micros: sign * Math.round(exact) };
}

/** Moves a time (µs since the epoch) by a duration; the day is cut to the length of the month reached, as Python's isodate does. */
export function addDuration(micros: number, { months, micros: exact }: Duration, times: 1 | -1 = 1): number {
  if (months === 0) return micros + times * exact;
  const from = calendarOf(utc(micros));
  const index = from.year * 12 + (from.month - 1) + times * months;
  const [year, month] = [Math.floor(index / 12), (index % 12) + 1];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const moved = momentOf({ ...from, year, month, day: Math.min(from.day, lastDay) }, 0);
  return (moved?.micros ?? micros) + times * exact;
}
