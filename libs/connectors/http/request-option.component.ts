import { defineComponent } from '../manifest/component.js';
import { enumeration, list, optional, template } from '../manifest/fields.js';
import type { Injection } from './request-draft.js';

export const requestOption = defineComponent({
  type: 'RequestOption',
  fields: {
    inject_into: enumeration('request_parameter', 'header', 'body_data', 'body_json'),
    field_name: optional(template()),
    field_path: optional(list(template())),
  },
  build({ inject_into: into, field_name: name, field_path: path }, place): Injection {
    const names = path ?? (name === undefined ? [] : [name]);
    if (names.length === 0)
      return place.compiler.reject({ path: place.pointer, message: 'RequestOption needs field_name or field_path' });
    if (path !== undefined && path.length > 1 && into !== 'body_json')
      return place.compiler.reject({
        path: place.pointer,
        message: 'a field_path of several steps goes into body_json only',
        found: into,
      });
    return { into, path: names };
  },
});

/** The page token is the address of the next page. */
export const requestPath = defineComponent({
  type: 'RequestPath',
  fields: {},
  // Left over where a RequestOption was changed into this.
  ignored: ['field_name', 'inject_into'],
  build: () => 'path' as const,
});
