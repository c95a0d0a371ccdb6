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

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?|(\d\d)(\d\d))?/;
const WEEK_DATE = /^(\d{4})-?W(\d\d)(?:-?([1-7]))?/;
const ORDINAL_DATE = /^(\d{4})-?(\d{3})/;
const TIME =
  /^(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?|(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$/i;

/**
 * ISO 8601 as Python's dateutil (isoparse) reads it: a year, month, day, week or ordinal date; with a whole date also any one letter and
 * a time with an optional fraction and offset. Null otherwise.
 */
export function parseIso(text: string): Moment | null {
  const date = isoDate(text);
  if (date === null) return null;
  const rest = text.slice(date.length);
  if (rest === '') return momentOf({ ...date.fields, ...MIDNIGHT }, null);
  const match = date.whole ? TIME.exec(rest.slice(1)) : null;
  if (match === null) return null;
  const [, hours = '0', minutes = match[5] ?? '0', seconds = match[6] ?? '0', fraction = match[7] ?? ''] = match;
  const time = {
    hour: Number(hours),
    minute: Number(minutes),
    second: Number(seconds),
    micro: Number(fraction.slice(0, 6).padEnd(6, '0')),
  };
  const offset = match[8] === undefined ? null : offsetOf(match[8]);
  if (time.hour !== 24) return momentOf({ ...date.fields, ...time }, offset);
  if (time.minute + time.second + time.micro > 0) return null;
  const midnight = momentOf({ ...date.fields, ...MIDNIGHT }, offset);
  return midnight && { ...midnight, micros: midnight.micros + MICROS_PER_DAY };
}

const MIDNIGHT = { hour: 0, minute: 0, second: 0, micro: 0 };

function isoDate(text: string): { fields: { year: number; month: number; day: number }; length: number; whole: boolean } | null {
  const ordinary = DATE.exec(text);
  if (ordinary !== null) {
    const [all, year, month = ordinary[4], day = ordinary[5]] = ordinary;
    // A year or month alone is all that the text may hold.
    if (day !== undefined || all.length === text.length)
      return {
        fields: { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) },
        length: all.length,
        whole: day !== undefined,
      };
  }
  const week = WEEK_DATE.exec(text);
  if (week !== null) {
    const fourth = momentOf({ year: Number(week[1]), month: 1, day: 4, ...MIDNIGHT }, 0);
    if (fourth === null || Number(week[2]) < 1 || Number(week[2]) > 53) return null;
    const days = (Number(week[2]) - 1) * 7 + Number(week[3] ?? 1) - 1 - calendarOf(fourth).weekday;
    return { fields: calendarOf(utc(fourth.micros + days * MICROS_PER_DAY)), length: week[0].length, whole: true };
  }
  const ordinal = ORDINAL_DATE.exec(text);
  if (ordinal === null) return null;
  const first = momentOf({ year: Number(ordinal[1]), month: 1, day: 1, ...MIDNIGHT }, 0);
  if (first === null) return null;
  const fields = calendarOf(utc(first.micros + (Number(ordinal[2]) - 1) * MICROS_PER_DAY));
  return Number(ordinal[2]) < 1 || fields.year !== Number(ordinal[1]) ? null : { fields, length: ordinal[0].length, whole: true };
}

const digits = (value: number, width: number): string => String(value).padStart(width, '0');

/** As Python's isoformat: the fraction only where there is one, the offset only where it is known. */
export function isoText(moment: Moment, separator: string): string {
  const { year, month, day, hour, minute, second, micro } = calendarOf(moment);
  const time = `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}${micro === 0 ? '' : `.${digits(micro, 6)}`}`;
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}${separator}${time}${offsetText(moment.offsetMinutes, ':')}`;
}

/** `+02:00`, or '' for null. */
export function offsetText(offsetMinutes: number | null, separator: string): string {
  if (offsetMinutes === null) return '';
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60), 2)}${separator}${digits(minutes % 60, 2)}`;
}

/** Minutes east of `Z`, `UTC`, `+02`, `+0200` or `+02:00`. */
export function offsetOf(zone: string): number {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?/.exec(zone) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
