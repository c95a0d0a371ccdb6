import { MICROS_PER_DAY, MICROS_PER_SECOND, calendarOf, momentOf } from './moment.js';

/** An ISO 8601 duration: calendar months apart from exact microseconds, since a month has no fixed length. */
export interface Duration {
  readonly months: number;
  readonly micros: number;
}

const FORM =
  /^([+-])?P(?=\w)(?:(\d+(?:[.,]\d+)?)Y)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/;

/** `P30D`, `P1M`, `PT1S`, `P1Y2M3DT4H5M6.5S`, `P2W`, as Python's isodate reads it; null when the text is none. */
export function parseDuration(text: string): Duration | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(2)
    .map((part) => Number((part ?? '0').replace(',', '.')));
  const sign = match[1] === '-' ? -1 : 1;
  const exact = (weeks * 7 + days) * MICROS_PER_DAY + (hours * 3_600 + minutes * 60 + seconds) * MICROS_PER_SECOND;
  // 0 and not -0, whatever the sign.
  return { months: sign * (years * 12 + months) + 0, micros: sign * Math.round(exact) + 0 };
}

/**
 * Moves a time (µs since the epoch) by a duration. Months are counted in the calendar at the offset given; the day is cut to the length of
 * the month reached, as Python's isodate does. NaN beyond the years that exist.
 */
export function addDuration(micros: number, { months, micros: exact }: Duration, times: 1 | -1 = 1, offsetMinutes = 0): number {
  if (months === 0) return micros + times * exact;
  const from = calendarOf({ micros, offsetMinutes });
  const index = from.year * 12 + (from.month - 1) + times * months;
  const [year, month] = [Math.floor(index / 12), (index % 12) + 1];
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const moved = momentOf({ ...from, year, month, day: Math.min(from.day, lastDay) }, offsetMinutes);
  return moved === null ? NaN : moved.micros + times * exact;
}

/** Python's text of a timedelta (`90 days, 0:00:00`), or of an isodate Duration (`1 months, 0:00:00`). */
export function deltaText({ months, micros }: Duration): string {
  const days = Math.floor(micros / MICROS_PER_DAY);
  const rest = micros - days * MICROS_PER_DAY;
  const seconds = Math.floor(rest / MICROS_PER_SECOND);
  const two = (part: number): string => String(part).padStart(2, '0');
  const clock = `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = rest % MICROS_PER_SECOND === 0 ? '' : `.${String(rest % MICROS_PER_SECOND).padStart(6, '0')}`;
  const exact = days === 0 ? clock + fraction : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}${fraction}`;
  if (months === 0) return exact;
  const [years, left] = [Math.trunc(months / 12), months % 12];
  return `${years === 0 ? '' : `${years} years, `}${left === 0 ? '' : `${left} ${left <= 1 ? 'month' : 'months'}, `}${exact}`;
}
