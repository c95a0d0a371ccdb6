import { propagateParameters } from '../dynamic/propagate-parameters.js';
import { SluiceError } from '../../errors/index.js';
import { either, field, list, map, template, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { escapePointer } from '../../json/index.js';
import { describe, isObject } from '../manifest/tree.js';
import { isDict, str } from '../template/values.js';

/** Values for parameters, headers or a form: name → value; null ones are left out by the caller. */
export type RequestInputs = (scope: Scope) => Record<string, unknown>;
/** As RequestInputs, or a text that is the whole body. */
export type FormInputs = (scope: Scope) => Record<string, unknown> | string;

type Read = (interpolation: Interpolation, scope: Scope) => unknown;

/** Parameters and forms hold text only: what looks like a number stays as it was written. */
const asText: Read = (interpolation, scope) => interpolation.textOrList(scope);
const asTextAlone: Read = (interpolation, scope) => interpolation.onlyText(scope);
/** Headers are read as values first: "1.10" becomes 1.1. */
const asValue: Read = (interpolation, scope) => interpolation.evaluate(scope, null);

const input = (read: Read): Field<(scope: Scope) => unknown> =>
  either('a text, template or list of them', (found) => {
    if (Array.isArray(found))
      return field((items, place) => {
        const all = list(template()).parse(items, place);
        return (scope) => all.map((item) => asTextAlone(item, scope)).filter((text) => text !== null);
      });
    if (isObject(found)) return undefined;
    return field((single, place) => {
      if (single === null) return () => null;
      const interpolation = template().parse(single, place);
      return (scope) => read(interpolation, scope);
    });
  });

const named = (read: Read): Field<RequestInputs> =>
  field((entries, place) => {
    const inputs = map(input(read))
      .parse(entries, place)
      .map(([name, value]) => [template().parse(name, place), value] as const);
    return (scope) => Object.fromEntries(inputs.map(([name, value]) => [name.text(scope), value(scope)]));
  });

const WANTED = 'an object of templates, or a template that yields one';

/** `request_parameters`: an object of templates, or one template that yields an object; whatever else that yields counts as none. */
export const parameterInputs = (): Field<RequestInputs> =>
  either<RequestInputs>(WANTED, (found) => {
    if (isObject(found)) return named(asText);
    if (typeof found !== 'string') return undefined;
    return field((source, place) => {
      const whole = template().parse(source, place);
      return (scope) => {
        const result = whole.evaluate(scope, '');
        return isDict(result) ? result : {};
      };
    });
  });

/** `request_headers`: an object of templates, or one template that yields an object. */
export const headerInputs = (): Field<RequestInputs> =>
  either<RequestInputs>(WANTED, (found) => {
    if (isObject(found)) return named(asValue);
    if (typeof found !== 'string') return undefined;
    return field((source, place) => {
      const whole = template().parse(source, place);
      return (scope) => {
        const result = whole.evaluate(scope, '');
        if (isDict(result)) return result;
        if (result === '' || result === null) return {};
        throw new SluiceError('CONFIG_INVALID', { detail: `the template at ${whole.pointer} yields no object` });
      };
    });
  });

/** `request_body_data`: an object of templates, or one template that yields an object or the whole body as text. */
export const formInputs = (): Field<FormInputs> =>
  either<FormInputs>(WANTED, (found) => {
    if (isObject(found)) return named(asText);
    if (typeof found !== 'string') return undefined;
    return field((source, place) => textOrForm(template().parse(source, place)));
  });

/** A template that yields a form's fields or text. */
export const textOrForm =
  (whole: Interpolation): FormInputs =>
  (scope) => {
    const result = whole.evaluate(scope, '');
    if (isDict(result)) return result;
    return result === null ? '' : str(result);
  };

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

/** `request_body_json`. Airbyte takes an object with a `type` for a component and writes the parameters in force into it; so do we. */
export const jsonBodyField = (): Field<(scope: Scope) => unknown> =>
  field((found, place) => {
    const { parameters, field: at } = place;
    const written =
      isObject(found) && Object.keys(parameters).length > 0
        ? propagateParameters(found, { field: at, parameters, parentsWin: false })
        : found;
    return nestedTemplate().parse(written, place);
  });
