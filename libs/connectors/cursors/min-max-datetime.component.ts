import { SluiceError } from '../../errors/index.js';
import { defineComponent } from '../manifest/component.js';
import { either, optional, template, type Field, field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { component } from '../manifest/component.js';
import { datetimeFormat, UnknownDirective, type DatetimeFormat } from '../time/datetime-format.js';
import { parseIso } from '../time/moment.js';
import { isObject } from '../manifest/tree.js';
import type { Place } from '../manifest/compiler.js';

/** A time by configuration, in µs; `fallback` is the cursor's own format. Throws CONFIG_INVALID. */
export type TimeValue = (scope: Scope, fallback: DatetimeFormat) => number;

/** A format known when the manifest is read; a template would hide a typing error until the run. */
export const formatField = (): Field<DatetimeFormat> =>
  field((value, place) => {
    if (typeof value !== 'string' || value === '')
      return place.compiler.reject({ path: place.pointer, message: 'a datetime format is expected' });
    return compileFormat(value, place);
  });

function compileFormat(pattern: string, place: Place): DatetimeFormat {
  try {
    return datetimeFormat(pattern);
  } catch (error) {
    if (error instanceof UnknownDirective)
      return place.compiler.reject({ path: place.pointer, message: error.message, found: pattern });
    throw error;
  }
}

const read = (value: Interpolation, format: DatetimeFormat, scope: Scope): number => {
  const text = value.text(scope);
  const moment = format.parse(text) ?? parseIso(text);
  if (moment !== null) return moment.micros;
  throw new SluiceError('CONFIG_INVALID', { detail: `the time at ${value.pointer} is not of the form ${format.pattern}` });
};

const minMaxDatetime = defineComponent({
  type: 'MinMaxDatetime',
  fields: {
    datetime: template(),
    datetime_format: optional(formatField()),
    min_datetime: optional(template()),
    max_datetime: optional(template()),
  },
  build({ datetime, datetime_format: own, min_datetime: least, max_datetime: most }): TimeValue {
    return (scope, fallback) => {
      const format = own ?? fallback;
      const bound = (value: Interpolation | undefined, otherwise: number): number =>
        value === undefined || value.text(scope) === '' ? otherwise : read(value, format, scope);
      return Math.min(Math.max(read(datetime, format, scope), bound(least, -Infinity)), bound(most, Infinity));
    };
  },
});

/** A text or template in the cursor's own format, or a MinMaxDatetime. */
export const timeField = (): Field<TimeValue> =>
  either<TimeValue>('a time or MinMaxDatetime', (value) => {
    if (isObject(value)) return component(() => [minMaxDatetime]);
    return field((plain, place) => {
      const datetime = template().parse(plain, place);
      return (scope, fallback) => read(datetime, fallback, scope);
    });
  });
