import type { JsonObject } from '../../contracts/json.js';
import type { SourceRecord } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import type { Injection, RequestDraft } from '../http/request-draft.js';
import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { list, optional, template, type Field, field } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { addDuration, parseDuration, type Duration } from '../time/duration.js';
import { utc } from '../time/moment.js';
import type { DatetimeFormat } from '../time/datetime-format.js';
import { str } from '../template/values.js';
import { mergeIntervals, readIntervals, writeIntervals, type CursorCodec, type Interval } from './intervals.js';
import { formatField, timeField } from './min-max-datetime.component.js';
import { windowsBetween } from './windows.js';

/** A window of a slice, as its requests show it; `from` and `to`: where the plan begins (before it nothing is missing) and ends. */
export interface CursorWindow {
  values: Record<string, string>;
  start: string;
  end: string;
  from: string;
  to: string;
}

/** Cuts a stream (or a partition of it) by time and remembers how far it was read. */
export interface Cursor {
  field(scope: Scope): string;
  readonly numeric: boolean;
  /** Windows still to be read, given the state of this cursor. */
  windows(state: JsonObject | null, scope: Scope): CursorWindow[];
  inject(draft: RequestDraft, values: Readonly<Record<string, unknown>>, scope: Scope): void;
  /** Follows the highest value of a slice's records; `highest` is the text of a position. */
  observer(scope: Scope, highest: string | null): { observe(record: SourceRecord): void; highest(): string | null };
  /** The state once this window is complete. */
  complete(input: { state: JsonObject | null; window: CursorWindow; highest: string | null; scope: Scope }): JsonObject;
  /** The plain form of whichever state is ahead. */
  later(a: JsonObject, b: JsonObject, scope: Scope): JsonObject;
}

const durationField = (): Field<(scope: Scope) => Duration> =>
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
      const duration = parseDuration(source.text(scope));
      if (duration === null)
        throw new SluiceError('CONFIG_INVALID', { detail: `the duration at ${source.pointer} is not ISO 8601` });
      return duration;
    };
  });

const datetimeBasedCursor = defineComponent({
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
  },
  uncovered: ['is_data_feed', 'is_client_side_incremental', 'is_compare_strictly', 'global_substream_cursor', 'clamping'],
  build(fields, place): Cursor {
    const { datetime_format: format, cursor_datetime_formats: others, cursor_field: name } = fields;
    if (fields.step !== undefined && fields.cursor_granularity === undefined)
      return place.compiler.reject({
        path: place.pointer,
        message: 'a cursor with "step" needs "cursor_granularity"',
        allowed: ['PT1S', 'P1D'],
      });
    const codec = (scope: Scope): CursorCodec => ({
      field: name.text(scope),
      format,
      parse: parserOf([...others, format]),
      granularity: fields.cursor_granularity?.(scope) ?? null,
    });
    const names = (scope: Scope) => ({
      start: fields.partition_field_start?.text(scope) ?? 'start_time',
      end: fields.partition_field_end?.text(scope) ?? 'end_time',
    });
    return {
      field: (scope) => name.text(scope),
      numeric: format.numeric,
      windows(state, scope) {
        const known = codec(scope);
        const text = (micros: number): string => format.format(utc(micros));
        const begin = fields.start_datetime(scope, format);
        const end = Math.min(fields.end_datetime?.(scope, format) ?? Infinity, scope.nowMs * 1_000);
        const step = fields.step?.(scope) ?? null;
        const lookback = fields.lookback_window?.(scope) ?? null;
        const done = readIntervals(state, known);
        const from = text(planStart(done, begin, lookback));
        const keys = names(scope);
        return ranges(done, { begin, end, lookback, granularity: known.granularity }).flatMap((range) =>
          [...windowsBetween({ ...range, step, granularity: known.granularity })].map((window) => {
            const [start, stop] = [text(window.start), text(window.end)];
            return { values: { [keys.start]: start, [keys.end]: stop }, start, end: stop, from, to: text(end) };
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
      observer(scope, highest) {
        return observe(codec(scope), highest);
      },
      complete({ state, window, highest, scope }) {
        const known = codec(scope);
        const at = (text: string): number => known.parse(text) ?? 0;
        const done = readIntervals(state, known);
        // Without a state everything before the plan's start counts as read: the configuration says so.
        const base: Interval[] = done.length > 0 ? done : [{ start: at(window.from), end: at(window.from), recent: null }];
        const read: Interval = { start: at(window.start), end: at(window.end), recent: highest === null ? null : at(highest) };
        return writeIntervals(mergeIntervals([...base, read], known), known, at(window.to));
      },
      later(a, b, scope) {
        const known = codec(scope);
        const reached = (state: JsonObject): number =>
          readIntervals(state, known).reduce((most, { start, recent }) => Math.max(most, recent ?? start), -Infinity);
        const best = Math.max(reached(a), reached(b));
        return best === -Infinity ? a : { [known.field]: format.format(utc(best)) };
      },
    };
  },
});

/** A new cursor joins here. */
export const cursors: readonly Component<Cursor>[] = [datetimeBasedCursor];

function parserOf(formats: readonly DatetimeFormat[]): CursorCodec['parse'] {
  return (value) => {
    if (value === null || value === undefined || typeof value === 'object') return null;
    const text = str(value);
    for (const format of formats) {
      const moment = format.parse(text);
      if (moment !== null) return moment.micros;
    }
    return null;
  };
}

const back = (micros: number, lookback: Duration | null): number =>
  lookback === null ? micros : addDuration(micros, lookback, -1);

function planStart(done: readonly Interval[], begin: number, lookback: Duration | null): number {
  const [first] = done;
  return first === undefined ? begin : Math.max(begin, Math.min(back(first.recent ?? first.end, lookback), first.start));
}

/** What is missing: gaps between what was read, and from the last of it (less the lookback) to the end. */
function ranges(
  done: readonly Interval[],
  { begin, end, lookback, granularity }: { begin: number; end: number; lookback: Duration | null; granularity: Duration | null },
): { lower: number; upper: number }[] {
  if (done.length === 0) return [{ lower: begin, upper: end }];
  const after = (micros: number): number => (granularity === null ? micros : addDuration(micros, granularity));
  const before = (micros: number): number => (granularity === null ? micros : addDuration(micros, granularity, -1));
  const gaps = done.slice(1).map((next, index) => ({ lower: after((done[index] as Interval).end), upper: before(next.start) }));
  const last = done.at(-1) as Interval;
  const tail = { lower: Math.max(begin, back(last.recent ?? last.end, lookback)), upper: end };
  return [...gaps, tail].filter(({ lower, upper }) => lower <= upper).map(({ lower, upper }) => ({ lower, upper }));
}

function observe(codec: CursorCodec, start: string | null): ReturnType<Cursor['observer']> {
  let best = start === null ? -Infinity : (codec.parse(start) ?? -Infinity);
  let previous: unknown;
  return {
    observe(record) {
      const value = record[codec.field];
      // Neighbours often share a value; comparing is cheaper than parsing.
      if (value === previous || value === undefined || value === null) return;
      previous = value;
      const micros = codec.parse(value);
      if (micros === null)
        throw new SluiceError('SOURCE_BAD_RESPONSE', {
          detail: `a record's ${codec.field} is not of the form ${codec.format.pattern}`,
        });
      if (micros > best) best = micros;
    },
    highest: () => (best === -Infinity ? null : codec.format.format(utc(best))),
  };
}
