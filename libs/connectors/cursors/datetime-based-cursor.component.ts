import { SluiceError } from '../../errors/index.js';
import type { Injection } from '../http/request-draft.js';
import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent } from '../manifest/component.js';
import { boolean, list, optional, template, type Field, field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { str } from '../template/values.js';
import type { DatetimeFormat } from '../time/datetime-format.js';
import { addDuration, parseDuration, type Duration } from '../time/duration.js';
import { MICROS_PER_DAY, MICROS_PER_SECOND, type Moment } from '../time/moment.js';
import { clamp, WEEKDAYS, type ClampTarget } from './clamping.js';
import type { Cursor } from './cursor.js';
import {
  mergeIntervals,
  plainState,
  readIntervals,
  understandsRanges,
  writeIntervals,
  type CursorCodec,
  type Interval,
} from './intervals.js';
import { formatField, timeField } from './min-max-datetime.component.js';
import { observe } from './observer.js';
import { halve } from './halve.js';
import { windowsBetween, type Cutting } from './windows.js';

/** Null where a template yields nothing. */
const durationField = (): Field<(scope: Scope) => Duration | null> =>
  field((value, place) => {
    const source = template().parse(value, place);
    if (source.template.constant && parseDuration(source.template.source) === null)
      return place.compiler.reject({
        path: place.pointer,
        message: 'an ISO 8601 duration is expected',
        found: source.template.source,
        allowed: ['P30D', 'PT1H'],
      });
    return (scope) => {
      const text = source.text(scope);
      const duration = text === '' ? null : parseDuration(text);
      if (duration === null && text !== '')
        throw new SluiceError('CONFIG_INVALID', { detail: `the duration at ${source.pointer} is not ISO 8601` });
      return duration;
    };
  });

const clamping = defineComponent({
  type: 'Clamping',
  fields: {
    target: template(),
    target_details: optional(
      field((value) => value as { weekday?: unknown }),
      {},
    ),
  },
  build:
    ({ target, target_details: details }) =>
    (scope: Scope): ClampTarget => {
      const period = target.text(scope);
      if (period === 'DAY' || period === 'MONTH') return { period };
      const weekday = WEEKDAYS.findIndex((day) => day === details.weekday);
      if (period === 'WEEK' && weekday >= 0) return { period, weekday };
      throw new SluiceError('CONFIG_INVALID', {
        detail: `the clamping at ${target.pointer} is none of DAY, MONTH, and WEEK with target_details.weekday`,
      });
    },
});

export const datetimeBasedCursor = defineComponent({
  type: 'DatetimeBasedCursor',
  fields: {
    cursor_field: template(),
    datetime_format: formatField(),
    cursor_datetime_formats: optional(list(formatField()), []),
    start_datetime: timeField(),
    end_datetime: optional(timeField()),
    step: optional(durationField()),
    cursor_granularity: optional(durationField()),
    lookback_window: optional(durationField()),
    start_time_option: optional(component(() => [requestOption])),
    end_time_option: optional(component(() => [requestOption])),
    partition_field_start: optional(template()),
    partition_field_end: optional(template()),
    clamping: optional(component(() => [clamping])),
    is_data_feed: optional(boolean(), false),
    is_client_side_incremental: optional(boolean(), false),
    is_compare_strictly: optional(boolean(), false),
    global_substream_cursor: optional(boolean(), false),
  },
  // Which field a sync reads by is chosen where the sync is defined.
  ignored: ['allow_catalog_defined_cursor_field'],
  build(fields, place): Cursor {
    const { datetime_format: format, cursor_field: name } = fields;
    if (fields.step !== undefined && fields.cursor_granularity === undefined)
      return place.compiler.reject({
        path: place.pointer,
        message: 'a cursor with "step" needs "cursor_granularity"',
        allowed: ['PT1S', 'P1D'],
      });
    const formats = [...fields.cursor_datetime_formats, format];
    const read = momentOf(formats);
    // Every value is written in its record's own zone: in another one a later time may look earlier.
    const sorted = format.sorted && !formats.some(({ pattern }) => /%z/i.test(pattern));
    const parse = (value: unknown): number | null => read(value)?.micros ?? null;
    const readOwn = momentOf([format, ...fields.cursor_datetime_formats]);
    const own = (value: unknown, offset = 0): number | null => {
      const moment = readOwn(value);
      if (moment === null) return null;
      // A format that does not show the zone is read as UTC.
      return format.numeric || moment.offsetMinutes === offset ? moment.micros : moment.micros - offset * 60 * MICROS_PER_SECOND;
    };
    const text = (micros: number, offset = 0): string => format.format({ micros, offsetMinutes: offset });
    const granularityOf = (scope: Scope): Duration | null => fields.cursor_granularity?.(scope) ?? null;
    const codec = (scope: Scope): CursorCodec => {
      const granularity = granularityOf(scope);
      return {
        field: name.text(scope),
        parse,
        own,
        offset: (value) => read(value)?.offsetMinutes ?? 0,
        format: text,
        // Without a granularity neighbours are a millisecond apart, as in Airbyte.
        after: (micros) => (granularity === null ? micros + 1_000 : addDuration(micros, granularity)),
        resolution: format.resolutionMicros,
      };
    };
    const begin = (scope: Scope): number => fields.start_datetime(scope, format);
    const end = (scope: Scope): number => {
      const reached = fields.end_datetime?.(scope, format) ?? scope.nowMs * 1_000;
      const target = fields.clamping?.(scope);
      if (target === undefined) return reached;
      const unit = { months: 0, micros: target.period === 'DAY' ? MICROS_PER_SECOND : MICROS_PER_DAY };
      return addDuration(clamp(reached, target, 'floor'), granularityOf(scope) ?? unit, -1);
    };
    const cutting = (scope: Scope): Cutting => ({
      begin: begin(scope),
      step: fields.step?.(scope) ?? null,
      granularity: granularityOf(scope),
      clamping: fields.clamping?.(scope) ?? null,
      strict: fields.is_compare_strictly,
    });
    const names = (scope: Scope) => ({
      start: orElse(fields.partition_field_start, scope, 'start_time'),
      end: orElse(fields.partition_field_end, scope, 'end_time'),
    });
    const filters = fields.is_data_feed || fields.is_client_side_incremental;
    return {
      field: (scope) => name.text(scope),
      numeric: format.numeric,
      global: fields.global_substream_cursor,
      perPartition: true,
      dataFeed: fields.is_data_feed,
      clientSide: fields.is_client_side_incremental,
      windows(state, scope) {
        const known = codec(scope);
        const how = cutting(scope);
        const lookback = fields.lookback_window?.(scope) ?? null;
        const done = readIntervals(state, how.begin, known);
        const [from, to] = [text(how.begin), end(scope)];
        const keys = names(scope);
        const low = filters ? { low: lowest(done[0], how.begin, lookback) } : {};
        return missing(done, { end: to, lookback, granularity: how.granularity, begin: how.begin }).flatMap((range) =>
          [...windowsBetween(range.lower, range.upper, range.last, how)].map((window) => {
            // What is counted from the end of the state is shown in its zone; where the configuration begins and the plan ends, in UTC.
            const shown = (micros: number): string => text(micros, micros === how.begin || micros === to ? 0 : range.offset);
            const [start, stop] = [shown(window.start), shown(window.end)];
            return { values: { [keys.start]: start, [keys.end]: stop }, start, end: stop, from, to: text(to), ...low };
          }),
        );
      },
      inject(draft, values, scope) {
        const keys = names(scope);
        const put = (option: Injection | undefined, key: string): void => {
          if (option !== undefined && values[key] !== undefined) draft.inject(option, values[key], scope);
        };
        put(fields.start_time_option, keys.start);
        put(fields.end_time_option, keys.end);
      },
      observer: (scope, highest, byText) => observe(codec(scope), highest, byText && !sorted),
      keeps({ low }, scope) {
        const field = name.text(scope);
        const most = end(scope);
        return (record) => {
          const micros = parse(record[field]);
          return micros === null || ((low ?? -Infinity) <= micros && micros <= most);
        };
      },
      complete({ state, window, highest, scope }) {
        const known = codec(scope);
        // As in Airbyte: the window's bounds are texts like those of a record, all else was never anything but a time.
        const [start, stop] = [parse(window.start) ?? 0, parse(window.end) ?? 0];
        const at = (value: string): number => own(value) ?? 0;
        const recent = highest.text === null ? null : (own(highest.text, highest.zone) ?? 0);
        const added: Interval = { start, end: stop, recent, offset: highest.zone };
        const done = mergeIntervals([...readIntervals(state, at(window.from), known), added], known);
        return writeIntervals(done, { codec: known, planEnd: at(window.to), state });
      },
      plain(state, scope) {
        const known = codec(scope);
        return plainState(readIntervals(state, begin(scope), known), { codec: known, state });
      },
      understands(state, scope) {
        const { field } = codec(scope);
        return understandsRanges(state, codec(scope)) ?? parse(state[field]) !== null;
      },
      except({ from, to }, scope) {
        const known = codec(scope);
        const granularity = granularityOf(scope);
        const [first, last] = [from, to ?? from].map((value) => parse(value) ?? isoMicros(value));
        if (first == null || last == null) return null;
        if (to === null) return { [known.field]: text(first) };
        if (last <= first) return null;
        const before = granularity === null ? first : addDuration(first, granularity, -1);
        const head = before <= begin(scope) ? [] : [{ start: begin(scope), end: before, recent: null }];
        const tail = { start: last, end: Math.max(last, LAST_DAY), recent: null };
        return writeIntervals([...head, tail], { codec: known, planEnd: Infinity, state: null });
      },
      reached(state, scope) {
        const known = codec(scope);
        if (state[known.field] === undefined && state['slices'] === undefined) return null;
        const [first] = readIntervals(state, begin(scope), known);
        return first === undefined ? null : (first.recent ?? first.end);
      },
      halves(window, minimum, scope) {
        const granularity = granularityOf(scope);
        const [from, to] = [parse(window.start), parse(window.end)];
        if (granularity === null || granularity.months !== 0 || from === null || to === null) return null;
        const halves = halve(from, to, { granularity: granularity.micros, minimum: minimum?.micros ?? 0 });
        if (halves === null) return null;
        return [
          [text(from), text(halves.end)],
          [text(halves.start), text(to)],
        ];
      },
      shifted(state, back, scope) {
        const known = codec(scope);
        const micros = state === null ? null : parse(state[known.field]);
        return micros === null ? null : { [known.field]: text(micros - back * MICROS_PER_SECOND) };
      },
    };
  },
});

/** 9999-01-01: behind the end of any plan, and a date in every format. */
const LAST_DAY = Date.UTC(9999, 0, 1) * 1_000;
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** A time without a zone is one in UTC. */
function isoMicros(value: string): number | null {
  if (!ISO.test(value)) return null;
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(value) && value.length > 10 ? value : value.length > 10 ? `${value}Z` : value;
  const ms = Date.parse(zoned.replace(' ', 'T'));
  return Number.isNaN(ms) ? null : ms * 1_000;
}

const orElse = (value: Interpolation | undefined, scope: Scope, otherwise: string): string =>
  value === undefined || value.template.source === '' ? otherwise : value.text(scope);

function momentOf(formats: readonly DatetimeFormat[]): (value: unknown) => Moment | null {
  return (value) => {
    if (value === null || value === undefined || typeof value === 'object') return null;
    const text = str(value);
    for (const format of formats) {
      const moment = format.parse(text);
      if (moment !== null) return moment;
    }
    return null;
  };
}

const back = (micros: number, lookback: Duration | null): number =>
  lookback === null ? micros : addDuration(micros, lookback, -1);

/** What the lookback reads again is kept, but nothing before the configured start, unless the state itself is older. */
function lowest(first: Interval | undefined, begin: number, lookback: Duration | null): number {
  const reached = first === undefined ? begin : (first.recent ?? first.end);
  return lookback === null ? reached : Math.max(back(reached, lookback), Math.min(reached, begin));
}

/** What is missing: before the first interval, between what was read, and from the last of it (less the lookback) to the end. */
function missing(
  done: readonly Interval[],
  { begin, end, lookback, granularity }: { begin: number; end: number; lookback: Duration | null; granularity: Duration | null },
): { lower: number; upper: number; last: boolean; offset: number }[] {
  const after = (micros: number): number => (granularity === null ? micros : addDuration(micros, granularity));
  const [first, last] = [done[0] as Interval, done.at(-1) as Interval];
  const head = begin < first.start ? [{ lower: begin, upper: first.start, last: false, offset: 0 }] : [];
  const gaps = done
    .slice(1)
    .map((next, index) => ({ lower: after((done[index] as Interval).end), upper: next.start, last: false, offset: 0 }));
  return [...head, ...gaps, { lower: back(last.end, lookback), upper: end, last: true, offset: last.offset ?? 0 }];
}
