import { SluiceError } from '../../errors/index.js';
import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent } from '../manifest/component.js';
import { optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Cursor } from './cursor.js';
import { mergeIntervals, plainState, readIntervals, understandsRanges, writeIntervals, type CursorCodec } from './intervals.js';
import { observe } from './observer.js';

/** Where a request finds the number to begin with. */
const START = 'start';

const parse = (value: unknown): number | null => {
  const count = typeof value === 'bigint' || (typeof value === 'string' && /^-?\d+$/.test(value)) ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) ? count : null;
};

/** Reads what has a higher number than was seen: one window that is open above. */
export const incrementingCountCursor = defineComponent({
  type: 'IncrementingCountCursor',
  fields: {
    cursor_field: template(),
    start_value: optional(template()),
    start_value_option: optional(component(() => [requestOption])),
  },
  // Which field a sync reads by is chosen where the sync is defined.
  ignored: ['allow_catalog_defined_cursor_field'],
  build({ cursor_field: name, start_value: start, start_value_option: option }): Cursor {
    const codec = (scope: Scope): CursorCodec => ({
      field: name.text(scope),
      parse,
      own: parse,
      offset: () => 0,
      format: (value) => value,
      after: (value) => value + 1,
      resolution: 1,
    });
    const begin = (scope: Scope): number => {
      if (start === undefined) return 0;
      const value = parse(start.text(scope));
      if (value === null)
        throw new SluiceError('CONFIG_INVALID', { detail: `the start value at ${start.pointer} is not a number` });
      return value;
    };
    return {
      field: (scope) => name.text(scope),
      numeric: true,
      global: false,
      perPartition: false,
      dataFeed: false,
      clientSide: false,
      windows(state, scope) {
        const from = begin(scope);
        const reached = readIntervals(state, from, codec(scope)).at(-1)?.end ?? from;
        // Infinity is how Python writes "no end" in a template.
        return [
          {
            values: { [START]: reached, end: 'inf' },
            start: String(reached),
            end: 'inf',
            from: String(from),
            to: String(reached),
          },
        ];
      },
      inject(draft, values, scope) {
        if (option !== undefined && values[START] !== undefined) draft.inject(option, values[START], scope);
      },
      observer: (scope, highest) => observe(codec(scope), highest, false),
      keeps: () => () => true,
      complete({ state, window, highest, scope }) {
        const known = codec(scope);
        const from = Number(window.from);
        const done = readIntervals(state, from, known);
        const top = highest.text === null ? null : parse(highest.text);
        const read = top === null ? done : [...done, { start: Number(window.start), end: top, recent: top }];
        return writeIntervals(mergeIntervals(read, known), { codec: known, planEnd: -Infinity, state });
      },
      plain(state, scope) {
        const known = codec(scope);
        return plainState(readIntervals(state, begin(scope), known), { codec: known, state });
      },
      understands: (state, scope) => understandsRanges(state, codec(scope)) ?? parse(state[name.text(scope)]) !== null,
      // Its one window goes from where the state ends: there is no state that ends it somewhere.
      except: ({ from, to }, scope) => (to !== null || parse(from) === null ? null : { [name.text(scope)]: Number(from) }),
      shifted: (state) => state,
    };
  },
});
