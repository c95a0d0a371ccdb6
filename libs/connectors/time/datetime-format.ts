import { MICROS_PER_DAY, MICROS_PER_SECOND, utc, type Moment } from './moment.js';
import { isDirective, strftime } from './strftime.js';
import { UnknownDirective, strptime } from './strptime.js';

export { UnknownDirective };

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
  /** Texts, of times in one zone, surely sort as the times do. */
  readonly sorted: boolean;
}

const known = new Map<string, DatetimeFormat>();
const MAX_CACHED = 1_000;

/** Compiled once per pattern. Throws UnknownDirective. */
export function datetimeFormat(pattern: string): DatetimeFormat {
  const cached = known.get(pattern);
  if (cached !== undefined) return cached;
  const format = (Object.hasOwn(EPOCHS, pattern) ? EPOCHS[pattern] : undefined) ?? calendarFormat(pattern);
  if (known.size < MAX_CACHED) known.set(pattern, format);
  return format;
}

/** Writes a time in one of Airbyte's formats; a directive that does not exist stays as it is. */
export function formatMoment(pattern: string, moment: Moment): string {
  const epoch = Object.hasOwn(EPOCHS, pattern) ? EPOCHS[pattern] : undefined;
  if (epoch !== undefined) return epoch.format(moment);
  if (!pattern.includes('%_ms')) return strftime(pattern, moment);
  // As Airbyte does it: written with microseconds, which are then cut wherever they appear.
  const micros = strftime('%f', moment);
  return strftime(pattern.replaceAll('%_ms', '%f'), moment).replaceAll(micros, micros.slice(0, 3));
}

/** Python's dates end with the year 9999: milliseconds read as seconds are no date, so that the next format gets its chance. */
const FIRST_MICROS = -62_135_596_800 * MICROS_PER_SECOND;
const LAST_MICROS = 253_402_300_800 * MICROS_PER_SECOND;
const epoch = (pattern: string, microsPerUnit: number, digits: RegExp, write: (micros: number) => string): DatetimeFormat => ({
  pattern,
  numeric: true,
  // Numbers of unequal length.
  sorted: false,
  resolutionMicros: microsPerUnit,
  parse(text) {
    const micros = Math.round(Number(text) * microsPerUnit);
    return digits.test(text) && micros >= FIRST_MICROS && micros < LAST_MICROS ? utc(micros) : null;
  },
  format: ({ micros }) => write(micros),
});

const EPOCHS: Readonly<Record<string, DatetimeFormat>> = {
  '%s': epoch('%s', MICROS_PER_SECOND, /^-?\d+(\.\d+)?$/, (micros) => String(Math.trunc(micros / MICROS_PER_SECOND))),
  '%s_as_float': epoch('%s_as_float', MICROS_PER_SECOND, /^-?\d+(\.\d+)?$/, (micros) => {
    const seconds = micros / MICROS_PER_SECOND;
    return Number.isInteger(seconds) ? `${seconds}.0` : String(seconds);
  }),
  // By way of seconds as a float, as Airbyte does it, with what that loses.
  '%ms': epoch('%ms', 1_000, /^-?\d+$/, (micros) => String(Math.trunc((micros / MICROS_PER_SECOND) * 1_000))),
  '%epoch_microseconds': epoch('%epoch_microseconds', 1, /^-?\d+$/, (micros) =>
    String(Math.trunc((micros / MICROS_PER_SECOND) * 1_000_000)),
  ),
};

function resolutionOf(pattern: string): number {
  if (pattern.includes('%f')) return 1;
  if (pattern.includes('%_ms')) return 1_000;
  if (/%-?[SscXTr]/.test(pattern)) return MICROS_PER_SECOND;
  if (/%-?[MR]/.test(pattern)) return 60 * MICROS_PER_SECOND;
  return /%-?[HIkl]/.test(pattern) ? 3_600 * MICROS_PER_SECOND : MICROS_PER_DAY;
}

const SORTED = /^[^%]*%Y[^%]+%m([^%]+%d([^%]+%H([^%]+%M([^%]+%S([^%]+(%f|%_ms))?)?)?)?)?[^%]*$/;

function calendarFormat(pattern: string): DatetimeFormat {
  for (const [all, letter = ''] of pattern.replaceAll('%_ms', '').matchAll(/%[-_0^#]?([^]?)/g))
    if (!isDirective(letter)) throw new UnknownDirective(all);
  // Directives that Python can write but not read: such a format is for writing only.
  const readable = pattern.replaceAll('%_ms', '%f');
  return {
    pattern,
    numeric: false,
    sorted: SORTED.test(pattern),
    resolutionMicros: resolutionOf(pattern),
    parse(text) {
      const moment = readOrNull(readable, text);
      return moment && { ...moment, offsetMinutes: moment.offsetMinutes ?? 0 };
    },
    format: (moment) => formatMoment(pattern, moment),
  };
}

function readOrNull(pattern: string, text: string): Moment | null {
  try {
    return strptime(pattern, text);
  } catch (error) {
    if (error instanceof UnknownDirective) return null;
    throw error;
  }
}
