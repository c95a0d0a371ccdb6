import { Missing, type MissingComponent } from '../manifest/compiler.js';
import { field, type Field } from '../manifest/fields.js';

/** A part of a manifest, or the code that it needs and that is not here. */
export type Available<T> = { built: T; missing: readonly [] } | { built: undefined; missing: readonly MissingComponent[] };

/** Ends the search for missing code here: what is around the field is built without it. */
export const available = <T>(inner: Field<T>): Field<Available<T>> =>
  field((value, place) => {
    try {
      return { built: inner.parse(value, place), missing: [] };
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      return { built: undefined, missing: unique(error.components) };
    }
  });

/** Each class once. */
export const unique = (components: readonly MissingComponent[]): readonly MissingComponent[] => [
  ...new Map(components.map((one) => [one.className, one])).values(),
];

/** Words for the reader: which classes are missing. */
export const missingWords = (components: readonly MissingComponent[]): string =>
  `needs code that is not here: ${components.map(({ type, className }) => `${className} (${type})`).join(', ')}`;
