import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { Place } from './compiler.js';
import { joinRejections, Rejected } from './compiler.js';
import { bindTemplate, type Interpolation } from './interpolation.js';
import { escapePointer } from '../../json/index.js';
import { describe, isObject } from './tree.js';

/** How one field of a component is read. `parse` reports to the place's compiler and throws Rejected. */
export interface Field<T> {
  readonly required: boolean;
  parse(value: unknown, place: Place): T;
  /** What it is when absent. */
  readonly absent?: T;
}
export type ValueOf<F> = F extends Field<infer T> ? T : never;

export const field = <T>(parse: Field<T>['parse']): Field<T> => ({ required: true, parse });
const wrong = (place: Place, wanted: string, value: unknown, allowed?: readonly string[]): never =>
  place.compiler.reject({
    path: place.pointer,
    message: `${wanted} is expected`,
    found: describe(value),
    allowed: allowed ?? [wanted],
  });

/** May be absent (or null). */
export function optional<T>(inner: Field<T>): Field<T | undefined>;
export function optional<T>(inner: Field<T>, absent: T): Field<T>;
export function optional<T>(inner: Field<T>, absent?: T): Field<T | undefined> {
  return { required: false, parse: (value, place) => inner.parse(value, place), ...(absent === undefined ? {} : { absent }) };
}

export const text = (): Field<string> =>
  field((value, place) => (typeof value === 'string' ? value : wrong(place, 'a text', value)));
export const integer = (): Field<number> =>
  field((value, place) => (Number.isSafeInteger(value) ? (value as number) : wrong(place, 'a whole number', value)));
export const boolean = (): Field<boolean> =>
  field((value, place) => (typeof value === 'boolean' ? value : wrong(place, 'true or false', value)));
export const enumeration = <T extends string>(...values: readonly T[]): Field<T> =>
  field((value, place) => values.find((known) => known === value) ?? wrong(place, `one of ${values.join(', ')}`, value, values));

/** A template; numbers and booleans are constant ones. */
export const template = (): Field<Interpolation> =>
  field((value, place) => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) return wrong(place, 'a text or template', value);
    const source = typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
    const compiled = place.compiler.template(source, place.pointer);
    for (const name of compiled.uses) place.names?.add(name);
    return bindTemplate(compiled, place);
  });

export const list = <T>(inner: Field<T>): Field<T[]> =>
  field((value, place) =>
    Array.isArray(value)
      ? each(
          value.map((item, index) => [index, item]),
          value,
          inner,
          place,
        )
      : wrong(place, 'a list', value),
  );

/** A list, or one item alone. */
export const oneOrMany = <T>(inner: Field<T>): Field<T[]> => {
  const many = list(inner);
  return field((value, place) => (Array.isArray(value) ? many.parse(value, place) : [inner.parse(value, place)]));
};

/** An object with keys of the author's choice. */
export const map = <T>(inner: Field<T>): Field<[string, T][]> =>
  field((value, place) => {
    if (!isObject(value)) return wrong(place, 'an object', value);
    const entries = Object.entries(value).filter(([key]) => key !== '$parameters');
    const parsed = each(entries, value, inner, place);
    return entries.map(([key], index) => [key, parsed[index] as T]);
  });

/** A JSON object, not looked into. */
export const object = (): Field<JsonObject> =>
  field((value, place) => (isObject(value) ? (value as JsonObject) : wrong(place, 'an object', value)));

/** First alternative by shape: `choose` returns the field for a value, or undefined when it has none of the shapes. */
export const either = <T>(wanted: string, choose: (value: unknown) => Field<T> | undefined): Field<T> =>
  field((value, place) => choose(value)?.parse(value, place) ?? wrong(place, wanted, value));

/** Plain JSON, not looked at here. */
export const json = (): Field<JsonValue> => field((value) => value as JsonValue);

function each<T>(
  entries: readonly (readonly [string | number, unknown])[],
  container: object,
  inner: Field<T>,
  place: Place,
): T[] {
  const parsed: T[] = [];
  const rejections: Rejected[] = [];
  for (const [key, item] of entries) {
    const pointer = place.compiler.origins.of(container, key) ?? `${place.pointer}/${escapePointer(String(key))}`;
    try {
      parsed.push(inner.parse(item, { ...place, pointer }));
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      rejections.push(error);
    }
  }
  if (rejections.length > 0) throw joinRejections(rejections, 'an item');
  return parsed;
}
