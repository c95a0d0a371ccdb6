import { field, map, template, type Field } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';

/** An object whose keys and texts are templates; other values are constant. Null where a template yields nothing. */
export const evaluatedMap = (): Field<(scope: Scope) => Record<string, unknown>> =>
  field((value, place) => {
    const item: Field<(scope: Scope) => unknown> = field((found, at) => {
      if (typeof found !== 'string') return () => found;
      const text = template().parse(found, at);
      return (scope) => text.evaluate(scope, null);
    });
    const entries = map(item)
      .parse(value, place)
      .map(([name, evaluate]) => [template().parse(name, place), evaluate] as const);
    return (scope) => Object.fromEntries(entries.map(([name, evaluate]) => [name.text(scope), evaluate(scope)]));
  });
