import { MICROS_PER_DAY, MICROS_PER_SECOND, calendarOf, momentOf, offsetOf, utc, type Moment } from './moment.js';

/** Reads and writes times in one of Airbyte's formats: Python's strptime/strftime directives, or a number of some unit since the epoch. */
export interface DatetimeFormat {
  readonly pattern: string;
  /** Null when the text does not match. A format without a zone gives UTC, as Airbyte reads it. */
  parse(text: string): Moment | null;
  format(moment: Moment): string;
  /** The smallest step that two different values can be apart, in µs. */
  readonly resolutionMicros: number;
  /** Values compare as numbers, not as text. */
  readonly numeric: boolean;
}

export class UnknownDirective extends Error {
  constructor(readonly directive: string) {
    super(`the directive ${directive} is not known`);
  }
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3));

const known = new Map<string, DatetimeFormat>();

/** Compiled once per pattern. Throws UnknownDirective. */
export function datetimeFormat(pattern: string): DatetimeFormat {
  const cached = known.get(pattern);
  if (cached !== undefined) return cached;
  const format = EPOCHS[pattern] ?? calendarFormat(pattern);
  if (known.size < 1_000) known.set(pattern, format);
  return format;
}

const epoch = (pattern: string, microsPerUnit: number, digits: RegExp, write: (units: number) => string): DatetimeFormat => ({
  pattern,
  numeric: true,
  resolutionMicros: microsPerUnit,
  parse: (text) => (digits.test(text) ? utc(Math.round(Number(text) * microsPerUnit)) : null),
  format: ({ micros }) => write(micros / microsPerUnit),
});

const whole = (units: number): string => String(Math.trunc(units));
const EPOCHS: Readonly<Record<string, DatetimeFormat>> = {
  '%s': epoch('%s', MICROS_PER_SECOND, /^-?\d+(\.\d+)?$/, whole),
  '%s_as_float': epoch('%s_as_float', MICROS_PER_SECOND, /^-?\d+(\.\d+)?$/, (seconds) =>
    Number.isInteger(seconds) ? `${seconds}.0` : String(seconds),
  ),
  '%ms': epoch('%ms', 1_000, /^-?\d+$/, whole),
  '%epoch_microseconds': epoch('%epoch_microseconds', 1, /^-?\d+$/, whole),
};

interface Directive {
  source: string;
  read?: (fields: Fields, text: string) => void;
  write: (calendar: ReturnType<typeof calendarOf>, moment: Moment) => string;
}
interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  micro: number;
  pm: boolean | null;
  offset: number | null;
  dayOfYear: number | null;
}
type NumberField = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

const two = (value: number): string => String(value).padStart(2, '0');
const number = (field: NumberField, source: string, width: number): Directive => ({
  source,
  read: (fields, text) => (fields[field] = Number(text)),
  write: (calendar) => String(calendar[field]).padStart(width, '0'),
});
const name = (
  names: readonly string[],
  pick: (calendar: ReturnType<typeof calendarOf>) => number,
  field?: 'month',
): Directive => ({
  source: names.join('|'),
  ...(field && {
    read: (fields: Fields, text: string) =>
      (fields[field] = names.findIndex((known) => known.toLowerCase() === text.toLowerCase()) + 1),
  }),
  write: (calendar) => names[pick(calendar)] ?? '',
});
const zoneText = ({ offsetMinutes }: Moment, separator: string): string => {
  if (offsetMinutes === null) return '';
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
};
const dayOfYear = ({ year, month, day }: { year: number; month: number; day: number }): number =>
  (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000 + 1;

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: number('year', '\\d{4}', 4),
  m: number('month', '1[0-2]|0[1-9]|[1-9]', 2),
  d: number('day', '3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]', 2),
  H: number('hour', '2[0-3]|[01]\\d|\\d', 2),
  M: number('minute', '[0-5]\\d|\\d', 2),
  S: number('second', '[0-5]\\d|\\d', 2),
  y: {
    source: '\\d{2}',
    read: (fields, text) => (fields.year = Number(text) + (Number(text) < 69 ? 2_000 : 1_900)),
    write: ({ year }) => two(year % 100),
  },
  f: {
    source: '\\d{1,6}',
    read: (fields, text) => (fields.micro = Number(text.padEnd(6, '0'))),
    write: ({ micro }) => String(micro).padStart(6, '0'),
  },
  _ms: {
    source: '\\d{1,3}',
    read: (fields, text) => (fields.micro = Number(text.padEnd(3, '0')) * 1_000),
    write: ({ micro }) => String(Math.floor(micro / 1_000)).padStart(3, '0'),
  },
  I: {
    source: '1[0-2]|0[1-9]|[1-9]',
    read: (fields, text) => (fields.hour = Number(text) % 12),
    write: ({ hour }) => two(hour % 12 === 0 ? 12 : hour % 12),
  },
  p: {
    source: 'AM|PM',
    read: (fields, text) => (fields.pm = text.toUpperCase() === 'PM'),
    write: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  },
  j: {
    source: '36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]',
    read: (fields, text) => (fields.dayOfYear = Number(text)),
    write: (calendar) => String(dayOfYear(calendar)).padStart(3, '0'),
  },
  z: {
    source: '[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d)?|Z',
    read: (fields, text) => (fields.offset = offsetOf(text)),
    write: (_calendar, moment) => zoneText(moment, ''),
  },
  Z: { source: 'UTC|GMT|', read: () => undefined, write: (_calendar, { offsetMinutes }) => (offsetMinutes === 0 ? 'UTC' : '') },
  B: name(MONTHS, ({ month }) => month - 1, 'month'),
  b: name(short(MONTHS), ({ month }) => month - 1, 'month'),
  A: name(DAYS, ({ weekday }) => weekday),
  a: name(short(DAYS), ({ weekday }) => weekday),
  s: { source: '\\d+', write: (_calendar, { micros }) => String(Math.floor(micros / MICROS_PER_SECOND)) },
};

const SHORTHANDS: Readonly<Record<string, string>> = { '%T': '%H:%M:%S', '%F': '%Y-%m-%d', '%D': '%m/%d/%y', '%R': '%H:%M' };

function resolutionOf(pattern: string): number {
  if (pattern.includes('%f')) return 1;
  if (pattern.includes('%_ms')) return 1_000;
  if (/%-?[Ss]/.test(pattern)) return MICROS_PER_SECOND;
  if (/%-?M/.test(pattern)) return 60 * MICROS_PER_SECOND;
  return /%-?[HI]/.test(pattern) ? 3_600 * MICROS_PER_SECOND : MICROS_PER_DAY;
}

function calendarFormat(pattern: string): DatetimeFormat {
  const expanded = pattern.replace(/%[TFDR]/g, (shorthand) => SHORTHANDS[shorthand] ?? shorthand);
  const pieces = [...expanded.matchAll(/%(_ms|-?[A-Za-z%])|([^%]+|%$)/g)];
  const readers: NonNullable<Directive['read']>[] = [];
  const writers: Directive['write'][] = [];
  let source = '';
  for (const [all, code, literal] of pieces) {
    if (code === undefined || code === '%') {
      const text = code === '%' ? '%' : (literal ?? all);
      source += text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s+');
      writers.push(() => text);
      continue;
    }
    const unpadded = code.startsWith('-');
    const directive = DIRECTIVES[unpadded ? code.slice(1) : code];
    if (directive === undefined) throw new UnknownDirective(all);
    source += `(${directive.source})`;
    readers.push(directive.read ?? (() => undefined));
    writers.push(unpadded ? (calendar, moment) => directive.write(calendar, moment).replace(/^0+(?=\d)/, '') : directive.write);
  }
  const reader = new RegExp(`^${source}$`, 'i');
  return {
    pattern,
    numeric: false,
    resolutionMicros: resolutionOf(expanded),
    parse(text) {
      const match = reader.exec(text);
      if (match === null) return null;
      const fields: Fields = {
        year: 1900,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        micro: 0,
        pm: null,
        offset: null,
        dayOfYear: null,
      };
      for (let i = 0; i < readers.length; i++) (readers[i] as NonNullable<Directive['read']>)(fields, match[i + 1] ?? '');
      if (fields.pm === true) fields.hour = (fields.hour % 12) + 12;
      const moment = momentOf(fields, fields.offset ?? 0);
      return moment !== null && fields.dayOfYear !== null
        ? { ...moment, micros: moment.micros + (fields.dayOfYear - 1) * 86_400_000_000 }
        : moment;
    },
    format(moment) {
      const calendar = calendarOf(moment);
      return writers.map((write) => write(calendar, moment)).join('');
    },
  };
}
