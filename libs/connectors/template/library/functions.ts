import { randomUUID } from 'node:crypto';
import { formatMoment } from '../../time/datetime-format.js';
import { parseDuration } from '../../time/duration.js';
import { strftime } from '../../time/strftime.js';
import { MICROS_PER_DAY, MICROS_PER_SECOND, calendarOf, parseIso, utc, type Moment } from '../../time/moment.js';
import { offsetAt } from '../../time/zones.js';
import { TemplateError } from '../errors.js';
import { compare } from '../operators.js';
import { made } from '../owned.js';
import {
  PyDatetime,
  PyDelta,
  anyDict,
  float,
  isInteger,
  isMapping,
  isNumber,
  iterate,
  lengthOf,
  numeric,
  toNumber,
  truthy,
  typeName,
  type Named,
} from '../values.js';
import { bindArguments, needNumber, text } from './arguments.js';
import { pairsOf } from './collection-methods.js';
import { parseTime, startOfDay } from './datetime-methods.js';
import { quoteUrl } from './encoding-filters.js';
import { cycler, joiner, namespace } from './loop.js';
import { truncate } from './number-text.js';

/** A global function of the language. `nowMs` is the clock of this evaluation. */
type Macro = (nowMs: number, args: readonly unknown[], named: Named) => unknown;

const macro = (params: string, run: (nowMs: number, args: unknown[]) => unknown): Macro => {
  const names = params === '' ? [] : params.split(', ');
  return (nowMs, args, named) => run(nowMs, bindArguments(names, args, named));
};
const now = (nowMs: number): Moment => utc(Math.round(nowMs * 1_000));

/** As Python's dateutil reads it, in UTC; without a zone it counts as UTC. */
function isoMoment(value: unknown): Moment {
  if (value === undefined) throw new TemplateError('a time is missing', 'undefined');
  if (typeof value !== 'string') {
    // A short list or dict fails as a text that is too short does; only then Python asks for its type.
    const short = !(value instanceof PyDatetime) && (lengthOf(value) ?? 4) < 4;
    throw new TemplateError(`a time is needed, not this ${typeName(value)}`, short ? 'value' : 'type');
  }
  const parsed = parseIso(value);
  if (parsed === null) throw new TemplateError('the text is no ISO 8601 time');
  return utc(parsed.micros);
}

function timestamp(value: unknown): unknown {
  const number = numeric(value);
  if (isInteger(number)) return number;
  if (isNumber(number)) return truncate(toNumber(number));
  return float(isoMoment(value).micros / MICROS_PER_SECOND);
}

function extreme(args: readonly unknown[], sign: 1 | -1): unknown {
  const items = args.length === 1 ? iterate(args[0]) : args;
  if (args.length === 0) throw new TemplateError('expected at least 1 argument, got 0', 'type');
  if (items.length === 0) throw new TemplateError('arg is an empty sequence');
  return items.reduce((best, item) => (compare(sign > 0 ? '>' : '<', item, best) * sign > 0 ? item : best));
}

const UNIT_MICROS: Readonly<Record<string, number>> = { '%s': MICROS_PER_SECOND, '%ms': 1_000, '%epoch_microseconds': 1 };

function numberMoment(value: number | bigint, pattern: string): Moment {
  const unit = pattern === '%s_as_float' ? MICROS_PER_SECOND : UNIT_MICROS[pattern];
  const moment = unit === undefined ? parseTime(String(value), pattern.replaceAll('%_ms', '%f')) : utc(Number(value) * unit);
  const { year } = calendarOf(moment);
  if (!(year >= 1 && year <= 9999)) throw new TemplateError('year is out of range');
  return moment;
}

function formatDatetime(value: unknown, format: unknown, input: unknown): string {
  if (value instanceof PyDatetime && !value.dateOnly) return strftime(text(format), value.moment);
  const number = numeric(value);
  let moment: Moment;
  if (isInteger(number)) moment = numberMoment(number, truthy(input) ? text(input) : '%s');
  else moment = truthy(input) ? parseTime(text(value), text(input)) : isoMoment(value);
  return formatMoment(text(format), { ...moment, offsetMinutes: moment.offsetMinutes ?? 0 });
}

function todayIn(nowMs: number, zone: unknown): PyDatetime {
  const moment = now(nowMs);
  const offset = typeof zone === 'string' ? offsetAt(zone, moment.micros) : null;
  if (offset === null) throw new TemplateError('no such time zone', 'value', 'UnknownTimeZoneError');
  return new PyDatetime(startOfDay({ ...moment, offsetMinutes: offset }), true);
}

function duration(value: unknown): PyDelta {
  const parsed = parseDuration(text(value));
  if (parsed === null) throw new TemplateError('duration() needs an ISO 8601 duration', 'value', 'ISO8601Error');
  return new PyDelta(parsed);
}

const makeDict = (args: readonly unknown[], named: Named): object => {
  const [first, ...more] = args;
  if (more.length > 0) throw new TemplateError(`dict expected at most 1 argument, got ${args.length}`, 'type');
  return made(anyDict([...(args.length === 0 ? [] : pairsOf(first)), ...Object.entries(named)]));
};

/** Every function, by name: jinja's own (`range` and `lipsum` are not offered) and Airbyte's. */
export const FUNCTIONS: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ['now_utc', macro('', (nowMs) => new PyDatetime(now(nowMs)))],
  ['today_utc', macro('', (nowMs) => new PyDatetime(startOfDay(now(nowMs)), true))],
  ['today_with_timezone', macro('timezone!', (nowMs, [zone]) => todayIn(nowMs, zone))],
  ['timestamp', macro('dt!', (_now, [value]) => timestamp(value))],
  ['str_to_datetime', macro('s!', (_now, [value]) => new PyDatetime(isoMoment(value)))],
  [
    'format_datetime',
    macro('dt!, format!, input_format', (_now, [value, format, input]) => formatDatetime(value, format, input)),
  ],
  [
    'day_delta',
    macro('num_days!, format', (nowMs, [days, format = '%Y-%m-%dT%H:%M:%S.%f%z']) => {
      const shift = typeof days === 'string' || days === undefined ? text(null) : needNumber(days) * MICROS_PER_DAY;
      const moment = utc(now(nowMs).micros + Math.round(Number(shift)));
      const { year } = calendarOf(moment);
      if (!(year >= 1 && year <= 9999)) throw new TemplateError('date value out of range', 'value', 'OverflowError');
      return strftime(text(format), moment);
    }),
  ],
  ['duration', macro('datestring!', (_now, [value]) => duration(value))],
  ['max', (_now, args, named) => extreme(withoutNames(args, named), 1)],
  ['min', (_now, args, named) => extreme(withoutNames(args, named), -1)],
  ['sanitize_url', macro('value!', (_now, [value]) => quoteUrl(text(value), ' ').replaceAll(' ', '+'))],
  [
    'camel_case_to_snake_case',
    macro('value!', (_now, [value]) =>
      text(value)
        .replace(/(?<!^)(?=[A-Z])/g, '_')
        .toLowerCase(),
    ),
  ],
  ['generate_uuid', macro('', () => randomUUID())],
  ['dict', (_now, args, named) => makeDict(args, named)],
  ['namespace', (_now, args, named) => namespace(Object.entries(plainDict(makeDict(args, named))))],
  ['cycler', (_now, args) => cycler(args)],
  ['joiner', macro('sep', (_now, [separator = ', ']) => joiner(separator))],
]);

const withoutNames = (args: readonly unknown[], named: Named): readonly unknown[] => {
  if (Object.keys(named).length > 0) throw new TemplateError('got an unexpected keyword argument', 'type');
  return args;
};
const plainDict = (value: object): Record<string, unknown> => (isMapping(value) ? Object.fromEntries(Object.entries(value)) : {});
