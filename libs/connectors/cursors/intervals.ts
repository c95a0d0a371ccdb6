import type { JsonObject, JsonValue } from '../../contracts/json.js';
import { isObject } from '../manifest/tree.js';

/** What was read completely: a stretch of the cursor, and the highest value seen in it (null: no record). In the codec's numbers. */
export interface Interval {
  start: number;
  end: number;
  recent: number | null;
  /** The zone, in minutes, that a state showed `end` and `recent` in, which are one then; absent: UTC. Requests show it in the same one, as in Airbyte. */
  offset?: number;
}

/** How a cursor's values are compared and written. Times are µs. */
export interface CursorCodec {
  field: string;
  /** Reads a value in any of the stream's formats. */
  parse(value: unknown): number | null;
  /**
   * Reads back what `format` wrote within a run. Not the same as `parse` where one of the stream's other formats comes first and tells another time of the same
   * text: of `…-12:00` as letters, and with `%z`. `offset`: the zone it was shown in; UTC when absent.
   */
  own(value: unknown, offset?: number): number | null;
  /** The zone that `parse` reads a value in, in minutes. */
  offset(value: unknown): number;
  /** `offset`: the zone to show it in; UTC when absent. */
  format(value: number, offset?: number): string | number;
  /** The next value after one that was read, by the manifest's granularity. */
  after(value: number): number;
  /** The values from `end` to before this one look like `end` when written. */
  readonly resolution: number;
}

const isRanges = (state: JsonObject): boolean => state['state_type'] === 'date-range' || state['state_type'] === 'integer';

/**
 * The intervals of a cursor's state: Airbyte's plain `{field: value}` for one that has no gap, its `date-range` form otherwise. A failed window
 * leaves a gap that the next run fills. Everything before `begin`, where the configuration starts, counts as read.
 */
export function readIntervals(state: JsonObject | null, begin: number, codec: CursorCodec): Interval[] {
  if (state !== null && isRanges(state) && Array.isArray(state['slices'])) {
    const found = state['slices'].flatMap((slice: JsonValue): Interval[] => {
      if (!isObject(slice)) return [];
      const [start, end, recent] = [slice['start'], slice['end'], slice['most_recent_cursor_value']].map((value) =>
        codec.own(value),
      );
      return start == null || end == null ? [] : [{ start, end, recent: recent ?? null }];
    });
    if (found.length > 0) return mergeIntervals(found, codec);
  }
  const value = state?.[codec.field];
  const known = codec.parse(value) ?? begin;
  if (known <= begin) return [{ start: begin, end: begin, recent: begin }];
  return [{ start: begin, end: known, recent: known, ...zone(codec.offset(value)) }];
}

/** Whether every stretch of a state with gaps can be read; null: it has another form. */
export function understandsRanges(state: JsonObject, codec: CursorCodec): boolean | null {
  if (!isRanges(state)) return null;
  const { slices } = state;
  if (!Array.isArray(slices)) return false;
  return slices.every((slice) => isObject(slice) && codec.own(slice['start']) !== null && codec.own(slice['end']) !== null);
}

/**
 * `planEnd`: until it is reached without a gap the ends of windows matter, and the plain form has no place for them. Two windows of a plan that
 * follow each other are no gap, even where the text of the first one's end hides that: `2024-04-30` with a granularity of a microsecond.
 */
export function writeIntervals(
  intervals: readonly Interval[],
  { codec, planEnd, state }: { codec: CursorCodec; planEnd: number; state: JsonObject | null },
): JsonObject {
  const whole = intervals.every(({ start }, index) => {
    const before = intervals[index - 1];
    return before === undefined || start <= before.end + codec.resolution;
  });
  if (whole && (intervals.at(-1)?.end ?? -Infinity) >= planEnd) return plainState(intervals, { codec, state });
  return {
    ...rest(state),
    state_type: 'date-range',
    slices: intervals.map(({ start, end, recent }) => ({
      start: codec.format(start),
      end: codec.format(end),
      ...(recent === null ? {} : { most_recent_cursor_value: codec.format(recent) }),
    })),
  };
}

/** What a state holds beside the cursor. */
function rest(state: JsonObject | null): JsonObject {
  const { state_type: _type, slices: _slices, ...others } = state ?? {};
  return others;
}

/** The highest value of the first interval: behind a gap nothing counts. What else a plain state held stays. */
export function plainState(
  [first]: readonly Interval[],
  { codec, state }: { codec: CursorCodec; state: JsonObject | null },
): JsonObject {
  const kept = rest(state);
  return first === undefined ? kept : { ...kept, [codec.field]: codec.format(first.recent ?? first.start, first.offset) };
}

const zone = (offset: number): Pick<Interval, 'offset'> => (offset === 0 ? {} : { offset });

/** Joins what overlaps or lies no more than a granularity apart. */
export function mergeIntervals(intervals: readonly Interval[], codec: CursorCodec): Interval[] {
  const sorted = [...intervals].sort((a, b) => a.start - b.start || a.end - b.end);
  const merged: Interval[] = [];
  for (const interval of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && interval.start <= codec.after(last.end)) {
      // The zone belongs to the value that is the higher one.
      const later = (interval.recent ?? -Infinity) > (last.recent ?? -Infinity) ? interval : last;
      merged[merged.length - 1] = {
        start: last.start,
        end: Math.max(last.end, interval.end),
        recent: later.recent,
        ...zone(later.offset ?? 0),
      };
    } else merged.push({ ...interval });
  }
  return merged;
}
