import type { CursorObserver } from './cursor.js';
import type { CursorCodec } from './intervals.js';

/** `start`: what an earlier part of the slice reached. A record without a readable cursor value moves nothing, as in Airbyte. */
export function observe(codec: CursorCodec, start: string | null): CursorObserver {
  let best = start === null ? -Infinity : (codec.parse(start) ?? -Infinity);
  let previous: unknown;
  return {
    observe(record) {
      const value = record[codec.field];
      // Neighbours often share a value; comparing is cheaper than parsing.
      if (value === previous || value === undefined || value === null) return;
      previous = value;
      const found = codec.parse(value);
      if (found !== null && found > best) best = found;
    },
    highest: () => (best === -Infinity ? null : String(codec.format(best))),
  };
}
