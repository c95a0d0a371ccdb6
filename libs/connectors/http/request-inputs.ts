import { SluiceError } from '../../errors/index.js';
import { either, field, map, template, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { isDict } from '../template/values.js';
import { escapePointer } from '../manifest/parse-manifest.js';
import { describe } from '../manifest/tree.js';

/** Values for parameters, headers or a form: name → value; null ones are left out by the caller. */
export type RequestInputs = (scope: Scope) => Record<string, unknown>;

type TextOrList = (scope: Scope) => unknown;

const value: Field<TextOrList> = either<TextOrList>('a text, template or list of them', (found) => {
  if (Array.isArray(found))
    return field((items, place) => {
      const inner = template();
      const all = (items as unknown[]).map((item, index) =>
        inner.parse(item, { ...place, pointer: `${place.pointer}/${index}` }),
      );
      return (scope) => all.map((item) => item.onlyText(scope)).filter((text) => text !== null);
    });
  return isObject(found)
    ? undefined
    : field((single, place) => (single === null ? () => null : plain(template().parse(single, place))));
});
const plain =
  (interpolation: Interpolation): TextOrList =>
  (scope) =>
    interpolation.textOrList(scope);

/** `request_parameters`, `request_headers`, `request_body_data`: an object of templates, or one template that yields an object. */
export const requestInputs = (): Field<RequestInputs> =>
  either<RequestInputs>('an object of templates, or a template that yields one', (found) => {
    if (typeof found === 'string')
      return field((source, place) => {
        const whole = template().parse(source, place);
        return (scope) => {
          const result = whole.evaluate(scope, '');
          if (result === '' || result === null) return {};
          if (isDict(result)) return result;
          throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: `the template at ${whole.pointer} yields no object` });
        };
      });
    if (!isObject(found)) return undefined;
    return field((entries, place) => {
      const named = map(value)
        .parse(entries, place)
        .map(([name, input]) => [template().parse(name, place), input] as const);
      return (scope) => Object.fromEntries(named.map(([name, input]) => [name.text(scope), input(scope)]));
    });
  });

/** A nested JSON body with templates in its texts. Objects lose keys whose value is null. */
export const nestedTemplate = (): Field<(scope: Scope) => unknown> =>
  field((found, place) => {
    if (typeof found === 'string') {
      const leaf = template().parse(found, place);
      return (scope) => leaf.evaluate(scope, null);
    }
    if (Array.isArray(found)) {
      const items = found.map((item, index) => nestedTemplate().parse(item, { ...place, pointer: `${place.pointer}/${index}` }));
      return (scope) => items.map((item) => item(scope));
    }
    if (isObject(found)) {
      const entries = Object.entries(found).map(
        ([name, item]) =>
          [
            template().parse(name, place),
            nestedTemplate().parse(item, { ...place, pointer: `${place.pointer}/${escapePointer(name)}` }),
          ] as const,
      );
      return (scope) =>
        Object.fromEntries(
          entries.map(([name, item]) => [name.text(scope), item(scope)] as const).filter(([, item]) => item !== null),
        );
    }
    if (found === null || typeof found === 'number' || typeof found === 'boolean') return () => found;
    return place.compiler.reject({ path: place.pointer, message: 'JSON is expected', found: describe(found) });
  });
