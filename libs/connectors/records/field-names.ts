import { field, type Field } from '../manifest/fields.js';
import { describe } from '../manifest/tree.js';

/** A path of field names. They are names, not templates; a number is its digits. */
export const fieldNames = (): Field<string[]> =>
  field((value, place) => {
    const isName = (step: unknown): step is string | number => typeof step === 'string' || typeof step === 'number';
    if (Array.isArray(value) && value.every(isName)) return value.map(String);
    const message = 'a list of field names is expected';
    return place.compiler.reject({ path: place.pointer, message, found: describe(value), allowed: ['a list of field names'] });
  });
