import type { JsonValue } from '../../contracts/json.js';
import { isObject, toPointer } from '../../json/index.js';

/** An expression of a flow and where it stands: a JSON pointer into the definition. */
export interface Expression {
  path: string;
  language: 'cel' | 'jsonata';
  text: string;
}

/** The expressions of a mapping, in the order of its places. Pure. */
export function mappingExpressions(mapping: JsonValue, path: string): Expression[] {
  if (typeof mapping === 'string') return [{ path, language: 'jsonata', text: mapping }];
  if (Array.isArray(mapping)) return mapping.flatMap((item, index) => mappingExpressions(item, `${path}/${index}`));
  if (!isObject(mapping)) return [];
  return Object.entries(mapping).flatMap(([name, item]) => mappingExpressions(item, path + toPointer([name])));
}

/** What a mapping makes of its expressions' values; what has none is left out of objects and lists. undefined: all of it has none. Pure. */
export function fillMapping(mapping: JsonValue, path: string, values: ReadonlyMap<string, unknown>): unknown {
  if (typeof mapping === 'string') return values.get(path);
  if (Array.isArray(mapping))
    return mapping.map((item, index) => fillMapping(item, `${path}/${index}`, values)).filter((item) => item !== undefined);
  if (!isObject(mapping)) return mapping;
  return Object.fromEntries(
    Object.entries(mapping)
      .map(([name, item]) => [name, fillMapping(item, path + toPointer([name]), values)] as const)
      .filter(([, item]) => item !== undefined),
  );
}

/** The items of a step's `forEach`: JSONata gives a list of one as that one, and an empty one as nothing. */
export const itemsOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
