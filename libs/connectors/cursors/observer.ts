import type { CursorObserver, Highest } from './cursor.js';
import type { CursorCodec } from './intervals.js';

/**
 * `start`: what an earlier part of the slice reached. A record without a readable cursor value moves nothing, as in Airbyte. `byText`: the
 * greatest text is looked for too; every value is written for that, so it is for formats whose texts do not sort as their times do.
 */
export function observe(codec: CursorCodec, start: Highest, byText: boolean): CursorObserver {
  let best = start.text === null ? -Infinity : (codec.own(start.text, start.zone) ?? -Infinity);
  let zone = start.zone;
  let greatest = start.greatest ?? start.text;
  let previous: unknown;
  return {
    observe(record) {
      const value = record[codec.field];
      // Neighbours often share a value; comparing is cheaper than parsing.
      if (value === previous || value === undefined || value === null) return;
      previous = value;
      const found = codec.parse(value);
      if (found === null) return;
      if (byText) {
        const text = String(codec.format(found, codec.offset(value)));
        if (greatest === null || text > greatest) greatest = text;
      }
      if (found <= best) return;
      best = found;
      zone = codec.offset(value);
    },
    highest() {
      const text = best === -Infinity ? null : String(codec.format(best, zone));
      return { text, zone, greatest: byText && greatest !== text ? greatest : null };
    },
  };
}
