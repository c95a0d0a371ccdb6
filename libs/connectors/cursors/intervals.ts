import type { JsonObject, JsonValue } from '../../contracts/json.js';
import { addDuration, type Duration } from '../time/duration.js';
import type { DatetimeFormat } from '../time/datetime-format.js';
import { utc } from '../time/moment.js';
import { isObject } from '../manifest/tree.js';

/** What was read completely: a stretch of the cursor, and the highest value seen in it (null: no record). All in µs. */
export interface Interval {
  start: number;
  end: number;
  recent: number | null;
}

export interface CursorCodec {
  field: string;
  format: DatetimeFormat;
  /** Reads a value in any of the stream's formats. */
  parse(value: unknown): number | null;
  granularity: Duration | null;
}

const NOTHING: Duration = { months: 0, micros: 0 };

/**
 * Intervals of a cursor's state: Airbyte's plain `{field: value}` for one that has no gap, its `date-range` form otherwise. A failed window
 * leaves a gap that the next run fills, and windows after it are not read again.
 */
export function readIntervals(state: JsonObject | null, codec: CursorCodec): Interval[] {
  if (state === null) return [];
  if (state['state_type'] === 'date-range' && Array.isArray(state['slices'])) {
    return state['slices'].flatMap((slice: JsonValue): Interval[] => {
      if (!isObject(slice)) return [];
      const [start, end, recent] = [slice['start'], slice['end'], slice['most_recent_cursor_value']].map((value) =>
        codec.parse(value),
      );
      return start == null || end == null ? [] : [{ start, end, recent: recent ?? null }];
    });
  }
  const value = codec.parse(state[codec.field]);
  return value === null ? [] : [{ start: value, end: value, recent: value }];
}

/** `planEnd`: until it is reached the ends of windows matter, and the plain form has no place for them. */
export function writeIntervals(intervals: readonly Interval[], codec: CursorCodec, planEnd: number): JsonObject {
  const text = (micros: number): string => codec.format.format(utc(micros));
  const [first] = intervals;
  if (intervals.length === 1 && first !== undefined && first.end >= planEnd)
    return { [codec.field]: text(first.recent ?? first.start) };
  return {
    state_type: 'date-range',
    slices: intervals.map(({ start, end, recent }) => ({
      start: text(start),
      end: text(end),
      ...(recent === null ? {} : { most_recent_cursor_value: text(recent) }),
    })),
  };
}

/**
 * Joins what overlaps or lies no more than a granularity apart, or no more than the format can tell: an end of `2024-04-30` means that whole
 * day, whatever granularity the manifest names. (Airbyte takes the granularity at its word there, and its state then stalls.)
 */
export function mergeIntervals(intervals: readonly Interval[], { granularity, format }: CursorCodec): Interval[] {
  const sorted = [...intervals].sort((a, b) => a.start - b.start || a.end - b.end);
  const merged: Interval[] = [];
  for (const interval of sorted) {
    const last = merged.at(-1);
    const reach =
      last === undefined
        ? -Infinity
        : Math.max(last.end + format.resolutionMicros, addDuration(last.end, granularity ?? NOTHING));
    if (last !== undefined && interval.start <= reach) {
      const recents = [last.recent, interval.recent].filter((recent) => recent !== null);
      merged[merged.length - 1] = {
        start: last.start,
        end: Math.max(last.end, interval.end),
        recent: recents.length === 0 ? null : Math.max(...recents),
      };
    } else merged.push({ ...interval });
  }
  return merged;
}
