/**
 * A point in time as Python's datetime holds it. `micros` counts from the epoch in UTC and is exact (a double holds 285 years of them);
 * `offsetMinutes` is what is shown, null for a naive one.
 */
export interface Moment {
  readonly micros: number;
  readonly offsetMinutes: number | null;
}

export const MICROS_PER_SECOND = 1_000_000;
export const MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;

export const utc = (micros: number): Moment => ({ micros, offsetMinutes: 0 });

/** Calendar fields as seen at the moment's own offset. */
export interface Calendar {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  micro: number;
  /** 0 is Monday, as in Python. */
  weekday: number;
}

export function calendarOf({ micros, offsetMinutes }: Moment): Calendar {
  const local = micros + (offsetMinutes ?? 0) * 60 * MICROS_PER_SECOND;
  const micro = ((local % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND;
  const date = new Date((local - micro) / 1_000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    micro,
    weekday: (date.getUTCDay() + 6) % 7,
  };
}

/** Null when there is no such day or time (31 April, 25 o'clock). */
export function momentOf(fields: Omit<Calendar, 'weekday'>, offsetMinutes: number | null): Moment | null {
  const { year, month, day, hour, minute, second, micro } = fields;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exists =
    year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists) return null;
  return { micros: date.getTime() * 1_000 + micro - (offsetMinutes ?? 0) * 60 * MICROS_PER_SECOND, offsetMinutes };
}

/** ISO 8601 as Python's dateutil reads the usual forms of it: date, or date and time with optional fraction and offset. Null otherwise. */
export function parseIso(text: string): Moment | null {
  const match =
    /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i.exec(
      text.trim(),
    );
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  const micro = Number(fraction.padEnd(6, '0').slice(0, 6));
  return momentOf(
    {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      micro,
    },
    zone === undefined ? null : offsetOf(zone),
  );
}

/** Minutes east of `Z`, `UTC`, `+02`, `+0200` or `+02:00`. */
export function offsetOf(zone: string): number {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?/.exec(zone) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
