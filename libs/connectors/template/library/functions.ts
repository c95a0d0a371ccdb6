import { datetimeFormat } from '../time/datetime-format.js';
import { parseDuration } from '../time/duration.js';
import { MICROS_PER_DAY, MICROS_PER_SECOND, parseIso, utc, type Moment } from '../time/moment.js';
import { TemplateError } from './errors.js';
import { compare } from './operators.js';
import { PyDatetime, PyDelta, float, isInteger, isNumber, iterate, toNumber, typeName } from './values.js';

/** A global function of the language. `nowMs` is the clock of this evaluation. */
type Macro = (nowMs: number, args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;

/** ISO or other text, number of seconds, or a datetime; a time without a zone counts as UTC. */
function moment(value: unknown): Moment {
  if (value instanceof PyDatetime) return { ...value.moment, offsetMinutes: value.moment.offsetMinutes ?? 0 };
  if (isNumber(value)) return utc(Math.round(toNumber(value) * MICROS_PER_SECOND));
  const parsed = typeof value === 'string' ? parseIso(value) : null;
  if (value === undefined) throw new TemplateError('a time is missing', 'undefined');
  if (parsed === null)
    throw new TemplateError(`a time is needed, not this ${typeName(value)}`, value === null ? 'type' : 'value');
  return { ...parsed, offsetMinutes: parsed.offsetMinutes ?? 0 };
}

function formatText(value: unknown, otherwise: string): string {
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== 'string') throw new TemplateError(`a format is needed, not ${typeName(value)}`, 'type');
  return value;
}

function extreme(args: readonly unknown[], sign: 1 | -1): unknown {
  const items = args.length === 1 ? iterate(args[0]) : args;
  if (items.length === 0) throw new TemplateError('max() or min() of nothing');
  return items.reduce((best, item) => (compare('<', item, best) * sign > 0 ? item : best));
}

export const FUNCTIONS: Readonly<Record<string, Macro>> = {
  now_utc: (nowMs) => new PyDatetime(utc(nowMs * 1_000)),
  today_utc: (nowMs) => new PyDatetime(utc(Math.floor((nowMs * 1_000) / MICROS_PER_DAY) * MICROS_PER_DAY), true),
  timestamp: (_now, [value]) => {
    if (isInteger(value)) return value;
    const seconds = moment(value).micros / MICROS_PER_SECOND;
    return typeof value === 'string' || value instanceof PyDatetime ? Math.floor(seconds) : float(seconds);
  },
  max: (_now, args) => extreme(args, 1),
  min: (_now, args) => extreme(args, -1),
  day_delta: (nowMs, [days, format], named) => {
    if (!isInteger(days)) throw new TemplateError('day_delta() needs a number of days', 'type');
    const at = utc(nowMs * 1_000 + Number(days) * MICROS_PER_DAY);
    return datetimeFormat(formatText(format ?? named['format'], '%Y-%m-%dT%H:%M:%S.%f%z')).format(at);
  },
  duration: (_now, [text]) => {
    const parsed = typeof text === 'string' ? parseDuration(text) : null;
    if (parsed === null) throw new TemplateError('duration() needs an ISO 8601 duration');
    return new PyDelta(parsed);
  },
  format_datetime: (_now, [value, format, inputFormat], named) => {
    const input = inputFormat ?? named['input_format'];
    const at = typeof value === 'string' && typeof input === 'string' ? datetimeFormat(input).parse(value) : moment(value);
    if (at === null) throw new TemplateError('the time does not match input_format');
    const shown = typeof value === 'string' ? utc(at.micros) : at;
    return datetimeFormat(formatText(format ?? named['format'], '')).format(shown);
  },
  str_to_datetime: (_now, [text]) => new PyDatetime(utc(moment(text).micros)),
  camel_case_to_snake_case: (_now, [text]) =>
    String(text)
      .replace(/(?<!^)(?=[A-Z])/g, '_')
      .toLowerCase(),
};

/** Exist in Airbyte's language, but not here yet. */
export const UNCOVERED_FUNCTIONS = new Set([
  'today_with_timezone',
  'sanitize_url',
  'generate_uuid',
  'range',
  'dict',
  'lipsum',
  'cycler',
  'joiner',
  'namespace',
]);
