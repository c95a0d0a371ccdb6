import type { CursorObserver, Highest } from './cursor.js';
import type { CursorCodec } from './intervals.js';

/** `start`: what an earlier part of the slice reached. A record without a readable cursor value moves nothing, as in Airbyte. */
export function observe(codec: CursorCodec, start: Highest): CursorObserver {
  let best = start.text === null ? -Infinity : (codec.own(start.text, start.zone) ?? -Infinity);
  let zone = start.zone;
  let previous: unknown;
  return {
    observe(record) {
      const value = record[codec.field];
      // Neighbours often share a value; comparing is cheaper than parsing.
      if (value === previous || value === undefined || value === null) return;
      previous = value;
      const found = codec.parse(value);
      if (found === null || found <= best) return;
      best = found;
      zone = codec.offset(value);
    },
    highest: () => ({ text: best === -Infinity ? null : String(codec.format(best, zone)), zone }),
  };
}
