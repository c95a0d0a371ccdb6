import { MICROS_PER_SECOND, calendarOf, offsetText, type Calendar, type Moment } from './moment.js';
import { DAYS, MONTHS, short } from './names.js';

type Write = (calendar: Calendar, moment: Moment) => string;

const pad =
  (width: number, read: (calendar: Calendar) => number): Write =>
  (calendar) =>
    String(read(calendar)).padStart(width, '0');
const blank =
  (read: (calendar: Calendar) => number): Write =>
  (calendar) =>
    String(read(calendar)).padStart(2, ' ');
const twelve = ({ hour }: Calendar): number => (hour % 12 === 0 ? 12 : hour % 12);

export const dayOfYear = ({ year, month, day }: { year: number; month: number; day: number }): number =>
  (new Date(0).setUTCFullYear(year, month - 1, day) - new Date(0).setUTCFullYear(year, 0, 1)) / 86_400_000 + 1;

/** ISO 8601's year and week: the week of a Thursday decides. */
export function isoWeek(calendar: Calendar): { year: number; week: number } {
  const thursday = new Date(new Date(0).setUTCFullYear(calendar.year, calendar.month - 1, calendar.day + 3 - calendar.weekday));
  const year = thursday.getUTCFullYear();
  const nth = dayOfYear({ year, month: thursday.getUTCMonth() + 1, day: thursday.getUTCDate() });
  return { year, week: Math.floor((nth - 1) / 7) + 1 };
}

/** The directives of Python's strftime on Linux, in the C locale. */
const DIRECTIVES: Readonly<Record<string, Write | string>> = {
  Y: ({ year }) => String(year),
  C: pad(2, ({ year }) => Math.floor(year / 100)),
  y: pad(2, ({ year }) => year % 100),
  m: pad(2, ({ month }) => month),
  d: pad(2, ({ day }) => day),
  e: blank(({ day }) => day),
  H: pad(2, ({ hour }) => hour),
  k: blank(({ hour }) => hour),
  I: pad(2, twelve),
  l: blank(twelve),
  M: pad(2, ({ minute }) => minute),
  S: pad(2, ({ second }) => second),
  f: pad(6, ({ micro }) => micro),
  j: pad(3, dayOfYear),
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  P: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  B: ({ month }) => MONTHS[month - 1] ?? '',
  b: ({ month }) => short(MONTHS)[month - 1] ?? '',
  h: ({ month }) => short(MONTHS)[month - 1] ?? '',
  A: ({ weekday }) => DAYS[weekday] ?? '',
  a: ({ weekday }) => short(DAYS)[weekday] ?? '',
  u: ({ weekday }) => String(weekday + 1),
  w: ({ weekday }) => String((weekday + 1) % 7),
  U: pad(2, (calendar) => Math.floor((dayOfYear(calendar) + 6 - ((calendar.weekday + 1) % 7)) / 7)),
  W: pad(2, (calendar) => Math.floor((dayOfYear(calendar) + 6 - calendar.weekday) / 7)),
  V: pad(2, (calendar) => isoWeek(calendar).week),
  G: (calendar) => String(isoWeek(calendar).year),
  g: pad(2, (calendar) => isoWeek(calendar).year % 100),
  z: (_calendar, { offsetMinutes }) => offsetText(offsetMinutes, ''),
  Z: (_calendar, { offsetMinutes }) =>
    offsetMinutes === null ? '' : offsetMinutes === 0 ? 'UTC' : `UTC${offsetText(offsetMinutes, ':')}`,
  // The C library takes the time's own fields for local time, and the reference runs in UTC.
  s: (_calendar, { micros, offsetMinutes }) => String(Math.floor(micros / MICROS_PER_SECOND) + (offsetMinutes ?? 0) * 60),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  r: '%I:%M:%S %p',
};

const compiled = new Map<string, Write[]>();
const MAX_CACHED = 1_000;
const PIECE = /%([-_0^#]?)([a-zA-Z%])|[^%]+|%/g;

/** Writes a time by Python's directives. A directive that does not exist stays as it is, as on Linux. */
export function strftime(pattern: string, moment: Moment): string {
  let writers = compiled.get(pattern);
  if (writers === undefined) {
    writers = [...pattern.matchAll(PIECE)].map(writer);
    if (compiled.size < MAX_CACHED) compiled.set(pattern, writers);
  }
  const calendar = calendarOf(moment);
  let text = '';
  for (const write of writers) text += write(calendar, moment);
  return text;
}

export const isDirective = (letter: string): boolean => Object.hasOwn(DIRECTIVES, letter);

function writer([all, flag = '', letter = '']: RegExpMatchArray): Write {
  const directive = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined;
  if (directive === undefined) return () => all;
  const write: Write = typeof directive === 'string' ? (_calendar, moment) => strftime(directive, moment) : directive;
  switch (flag) {
    case '-':
      return (calendar, moment) => write(calendar, moment).replace(/^[0 ]+(?=\d)/, '');
    case '_':
      return (calendar, moment) => write(calendar, moment).replace(/^0+(?=\d)/, (zeros) => ' '.repeat(zeros.length));
    case '0':
      return (calendar, moment) => write(calendar, moment).replace(/^ +(?=\d)/, (blanks) => '0'.repeat(blanks.length));
    case '^':
      return (calendar, moment) => write(calendar, moment).toUpperCase();
    case '#':
      return (calendar, moment) => swapCase(letter, write(calendar, moment));
    default:
      return write;
  }
}

const swapCase = (letter: string, text: string): string =>
  letter === 'p' || letter === 'Z' ? text.toLowerCase() : text.toUpperCase();
