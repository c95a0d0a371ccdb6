import { formatMoment } from '../../time/datetime-format.js';
import { isoWeek, strftime } from '../../time/strftime.js';
import { UnknownDirective, strptime } from '../../time/strptime.js';
import {
  MICROS_PER_DAY,
  MICROS_PER_SECOND,
  calendarOf,
  isoText,
  momentOf,
  parseIso,
  utc,
  type Moment,
} from '../../time/moment.js';
import { TemplateError } from '../errors.js';
import { PyDatetime, PyDelta, PyObject, PyTuple, float, str } from '../values.js';
import { count, method, needNumber, text, type Method } from './arguments.js';

const CALENDAR = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

/** Attributes that are no methods. */
export function dateProperty(value: PyDatetime | PyDelta, name: string): unknown {
  if (value instanceof PyDelta) return deltaProperty(value, name);
  const known = CALENDAR.slice(0, value.dateOnly ? 3 : 6).find((field) => field === name);
  if (known !== undefined) return calendarOf(value.moment)[known];
  if (value.dateOnly) return undefined;
  if (name === 'microsecond') return calendarOf(value.moment).micro;
  if (name === 'fold') return 0;
  if (name === 'tzinfo') return value.moment.offsetMinutes === null ? null : new PyObject('UTC', () => undefined);
  return undefined;
}

function deltaProperty({ duration: { months, micros } }: PyDelta, name: string): unknown {
  const days = Math.floor(micros / MICROS_PER_DAY);
  const rest = micros - days * MICROS_PER_DAY;
  if (name === 'days') return days;
  if (name === 'seconds') return Math.floor(rest / MICROS_PER_SECOND);
  if (name === 'microseconds') return rest % MICROS_PER_SECOND;
  if (months === 0) return undefined;
  if (name === 'months') return months % 12;
  return name === 'years' ? Math.trunc(months / 12) : undefined;
}

/** Python's strptime as templates meet it. Throws Python's ValueError for text of another form. */
export function parseTime(value: string, pattern: string): Moment {
  try {
    const moment = strptime(pattern, value);
    if (moment !== null) return moment;
  } catch (error) {
    if (!(error instanceof UnknownDirective)) throw error;
  }
  throw new TemplateError('the time does not match the format');
}

const replaced = (value: PyDatetime, names: readonly string[], args: readonly unknown[]): PyDatetime => {
  const fields = calendarOf(value.moment);
  let offset = value.moment.offsetMinutes;
  names.forEach((name, i) => {
    if (args[i] === undefined) return;
    if (name === 'tzinfo') offset = args[i] === null ? null : 0;
    else if (name === 'microsecond') fields.micro = count(args[i]);
    else fields[name as 'year'] = count(args[i]);
  });
  const moment = momentOf(fields, offset);
  if (moment === null) throw new TemplateError('there is no such time');
  return new PyDatetime(moment, value.dateOnly);
};

const DATE_FIELDS = ['year', 'month', 'day'];
const TIME_FIELDS = [...DATE_FIELDS, 'hour', 'minute', 'second', 'microsecond', 'tzinfo'];

const COMMON: Readonly<Record<string, Method<PyDatetime>>> = {
  strftime: method('format!', ({ moment }, [pattern]) => strftime(text(pattern), moment)),
  weekday: method('', ({ moment }) => calendarOf(moment).weekday),
  isoweekday: method('', ({ moment }) => calendarOf(moment).weekday + 1),
  isocalendar: method('', ({ moment }) => {
    const calendar = calendarOf(moment);
    const { year, week } = isoWeek(calendar);
    return new PyTuple([year, week, calendar.weekday + 1], ['year', 'week', 'weekday']);
  }),
  toordinal: method('', ({ moment }) => {
    const { year, month, day } = calendarOf(moment);
    return (new Date(0).setUTCFullYear(year, month - 1, day) - new Date(0).setUTCFullYear(1, 0, 1)) / 86_400_000 + 1;
  }),
  ctime: method('', ({ moment }) => strftime('%a %b %e %H:%M:%S %Y', moment)),
};

export const DATE_METHODS: Readonly<Record<string, Method<PyDatetime>>> = {
  ...COMMON,
  isoformat: method('', (self) => str(self)),
  replace: method(DATE_FIELDS.join(', '), (self, args) => replaced(self, DATE_FIELDS, args)),
  fromisoformat: method('text!', (_self, [value]) => new PyDatetime(parsed(value), true)),
  today: method('', (self) => self),
};

const seconds = ({ moment }: PyDatetime): number => moment.micros / MICROS_PER_SECOND;
const naive = ({ micros }: Moment): Moment => ({ micros, offsetMinutes: null });

function parsed(value: unknown): Moment {
  const moment = parseIso(text(value));
  if (moment === null) throw new TemplateError('Invalid isoformat string');
  return moment;
}

export const DATETIME_METHODS: Readonly<Record<string, Method<PyDatetime>>> = {
  ...COMMON,
  isoformat: method('sep, timespec', ({ moment }, [separator = 'T', detail = 'auto']) => {
    const pattern = TIMESPECS[text(detail)];
    if (pattern === undefined) return isoText(moment, text(separator));
    const zone = isoText({ ...moment, micros: 0 }, 'T').slice(19);
    return formatMoment(`%Y-%m-%d${text(separator).replaceAll('%', '%%')}${pattern}`, moment).padStart(4, '0') + zone;
  }),
  timestamp: method('', (self) => float(seconds(self))),
  date: method('', ({ moment }) => new PyDatetime(startOfDay(moment), true)),
  replace: method(TIME_FIELDS.join(', '), (self, args) => replaced(self, TIME_FIELDS, args)),
  astimezone: method('tz', ({ moment }) => new PyDatetime(utc(moment.micros))),
  utcoffset: method('', ({ moment }) =>
    moment.offsetMinutes === null ? null : new PyDelta({ months: 0, micros: moment.offsetMinutes * 60 * MICROS_PER_SECOND }),
  ),
  tzname: method('', ({ moment }) => strftime('%Z', moment) || null),
  strptime: method('text!, format!', (_self, [value, pattern]) => new PyDatetime(parseTime(text(value), text(pattern)))),
  fromisoformat: method('text!', (_self, [value]) => new PyDatetime(parsed(value))),
  fromtimestamp: method('seconds!, tz', (_self, [value, zone]) => {
    const at = utc(Math.round(needNumber(value) * MICROS_PER_SECOND));
    return new PyDatetime(zone === undefined || zone === null ? naive(at) : at);
  }),
  utcfromtimestamp: method(
    'seconds!',
    (_self, [value]) => new PyDatetime(naive(utc(Math.round(needNumber(value) * MICROS_PER_SECOND)))),
  ),
};

const TIMESPECS: Readonly<Record<string, string>> = {
  hours: '%H',
  minutes: '%H:%M',
  seconds: '%H:%M:%S',
  milliseconds: '%H:%M:%S.%_ms',
  microseconds: '%H:%M:%S.%f',
};

/** The day that a moment shows, without a zone. */
export function startOfDay(moment: Moment): Moment {
  const { year, month, day } = calendarOf(moment);
  return momentOf({ year, month, day, hour: 0, minute: 0, second: 0, micro: 0 }, null) ?? moment;
}

export const DELTA_METHODS: Readonly<Record<string, Method<PyDelta>>> = {
  total_seconds: method('', ({ duration }) => float(duration.micros / MICROS_PER_SECOND)),
};
