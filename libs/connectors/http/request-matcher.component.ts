import { defineComponent } from '../manifest/component.js';
import { field, map, optional, template, text } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { SluiceError } from '../../errors/index.js';
import { pythonPattern } from '../errors/python-pattern.js';
import { isInteger, str } from '../template/values.js';
import { findHeader } from './find-header.js';

/** A request as policies look at it. */
export interface Matchable {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
}

export interface RequestMatcher {
  matches(request: Matchable): boolean;
  /** Calls that a request counts for. Throws CONFIG_INVALID. */
  weight(scope: Scope): number;
}

/** A regular expression, searched for in the path. */
const pattern = () =>
  field((value, place) => {
    const source = text().parse(value, place);
    try {
      return pythonPattern(source);
    } catch {
      return place.compiler.reject({ path: place.pointer, message: 'a regular expression is expected', found: source });
    }
  });

const pairs = () => map(field((value) => str(value)));

export const requestMatcher = defineComponent({
  type: 'HttpRequestRegexMatcher',
  fields: {
    method: optional(text()),
    url_base: optional(text()),
    url_path_pattern: optional(pattern()),
    params: optional(pairs(), []),
    headers: optional(pairs(), []),
    weight: optional(template()),
  },
  build({ method, url_base: base, url_path_pattern: path, params, headers, weight }): RequestMatcher {
    const wanted = { method: method?.toUpperCase(), base: base?.replace(/\/+$/, '') };
    return {
      matches(request) {
        if (wanted.method !== undefined && wanted.method !== '' && request.method !== wanted.method) return false;
        const url = new URL(request.url);
        if (wanted.base !== undefined && wanted.base !== '' && url.origin !== wanted.base) return false;
        if (path !== undefined && !path.test(url.pathname.replace(/\/+$/, ''))) return false;
        // Of a name that is there several times the last one counts.
        if (!params.every(([name, value]) => url.searchParams.getAll(name).at(-1) === value)) return false;
        return headers.every(([name, value]) => findHeader(request.headers, name) === value);
      },
      weight(scope) {
        if (weight === undefined) return 1;
        const found = weight.evaluate(scope, null);
        if (isInteger(found) && found >= 1) return Number(found);
        throw new SluiceError('CONFIG_INVALID', { detail: `the weight at ${weight.pointer} is not a positive whole number` });
      },
    };
  },
});
