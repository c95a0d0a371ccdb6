import { defineComponent, type Component } from '../manifest/component.js';
import { field, template } from '../manifest/fields.js';
import { isObject, describe } from '../manifest/tree.js';
import type { Scope } from '../manifest/interpolation.js';
import { isDict } from '../template/values.js';
import type { RequestDraft } from './request-draft.js';
import { formInputs, nestedTemplate, textOrForm, type FormInputs } from './request-inputs.js';

/** Writes a body into a draft. */
export type BodyWriter = (draft: RequestDraft, scope: Scope) => void;

/** A form, or text as it is where the manifest has a template that yields text. */
export const formBody =
  (inputs: FormInputs): BodyWriter =>
  (draft, scope) => {
    const found = inputs(scope);
    if (typeof found === 'string') draft.raw(found);
    else for (const [name, value] of Object.entries(found)) draft.formField(name, value);
  };

/** A JSON object; nothing where the template yields nothing. */
export const jsonBody =
  (json: (scope: Scope) => unknown): BodyWriter =>
  (draft, scope) => {
    const body = json(scope);
    if (isDict(body)) draft.jsonBody(body);
    else if (typeof body === 'string' && body !== '') draft.raw(body);
  };

const urlEncodedForm = defineComponent({
  type: 'RequestBodyUrlEncodedForm',
  fields: { value: formInputs() },
  build: ({ value }) => formBody(value),
});

const jsonObject = defineComponent({
  type: 'RequestBodyJsonObject',
  fields: { value: nestedTemplate() },
  build: ({ value }) => jsonBody(value),
});

const plainText = defineComponent({
  type: 'RequestBodyPlainText',
  fields: { value: template() },
  build: ({ value }) => formBody(textOrForm(value)),
});

/** `query` and whatever else a GraphQL request holds (variables, operationName). */
const graphQl = defineComponent({
  type: 'RequestBodyGraphQL',
  fields: {
    value: field((found, place) => {
      if (isObject(found)) {
        const { type: _type, $parameters: _parameters, ...query } = found;
        return nestedTemplate().parse(query, place);
      }
      return place.compiler.reject({
        path: place.pointer,
        message: 'an object with "query" is expected',
        found: describe(found),
      });
    }),
  },
  build: ({ value }) => jsonBody(value),
});

/** A new kind of body joins here. */
export const requestBodies: readonly Component<BodyWriter>[] = [urlEncodedForm, jsonObject, plainText, graphQl];
