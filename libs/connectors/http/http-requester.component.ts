import { component, defineComponent } from '../manifest/component.js';
import { either, enumeration, field, optional, template, type Field } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { defaultErrorHandling, errorHandlers } from '../errors/error-handlers.component.js';
import { str } from '../template/values.js';
import { authenticators } from '../auth/authenticators.component.js';
import { RequestDraft } from './request-draft.js';
import { formBody, jsonBody, requestBodies, type BodyWriter } from './request-body.component.js';
import { formInputs, headerInputs, jsonBodyField, type FormInputs } from './request-inputs.js';
import { parametersField, propertiesIn, propertiesOf } from './parameters-field.js';
import { propertiesFromEndpoint, queryProperties } from './query-properties.component.js';
import type { Requester } from './requester.js';
import { joinAddress } from './url.js';

export type { Requester };

const seconds = (): Field<number> =>
  either('a positive number of seconds', (value) => (typeof value === 'number' && value > 0 ? field(() => value) : undefined));

export const httpRequester = defineComponent({
  type: 'HttpRequester',
  fields: {
    url: optional(template()),
    url_base: optional(template()),
    path: optional(template()),
    http_method: optional(enumeration('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'), 'GET'),
    authenticator: optional(component(() => authenticators)),
    error_handler: optional(component(() => errorHandlers)),
    request_parameters: optional(parametersField()),
    request_headers: optional(headerInputs()),
    request_body_data: optional(formInputs()),
    request_body_json: optional(jsonBodyField()),
    request_body: optional(component(() => requestBodies)),
    connect_timeout_in_seconds: optional(seconds()),
    read_timeout_in_seconds: optional(seconds()),
    query_properties: optional(component(() => [queryProperties])),
    fetch_properties_from_endpoint: optional(component(() => [propertiesFromEndpoint])),
  },
  // Answers are not cached; sockets are kept alive anyway.
  ignored: ['name', 'use_cache', 'use_tcp_keepalive'],
  build(fields, place): Requester {
    const { url, url_base: base, path, http_method: method, authenticator } = fields;
    const root = (scope: Scope): string => base?.text(scope) || (url?.text(scope) ?? '');
    if (url === undefined && base === undefined)
      return place.compiler.reject({ path: place.pointer, message: 'HttpRequester needs url or url_base' });
    const body = fields.request_body ?? bodyOf(fields.request_body_data, fields.request_body_json);
    const compose = (scope: Scope, address: string | null): RequestDraft => {
      const draft = new RequestDraft(joinAddress(root(scope), address ?? stripSlashes(path?.text(scope) ?? '')), method);
      for (const [name, value] of Object.entries(fields.request_headers?.(scope) ?? {}))
        if (value !== null && value !== undefined) draft.header(name, str(value));
      const { inputs, properties } = fields.request_parameters ?? {};
      for (const [name, value] of Object.entries(inputs?.(scope) ?? {})) draft.parameter(name, value);
      if (properties !== undefined) draft.parameter(properties.name, propertiesIn(scope)?.join(','));
      body(draft, scope);
      return draft;
    };
    return {
      compose,
      properties: propertiesOf(fields),
      errorHandler: fields.error_handler ?? defaultErrorHandling,
      label: `${method} ${path?.template.source ?? ''}`.trim(),
      timeoutMs: fields.read_timeout_in_seconds === undefined ? undefined : 1_000 * fields.read_timeout_in_seconds,
      account: (scope) => ({ base: root(scope), identity: authenticator?.identity(scope) ?? '' }),
      async draft(scope, address, access) {
        const draft = compose(scope, address);
        await authenticator?.authorize({ draft, scope, base: root(scope), access });
        return draft;
      },
    };
  },
});

const stripSlashes = (path: string): string => path.replace(/^\/+/, '');

const bodyOf =
  (form: FormInputs | undefined, json: ((scope: Scope) => unknown) | undefined): BodyWriter =>
  (draft, scope) => {
    if (form !== undefined) formBody(form)(draft, scope);
    if (json !== undefined) jsonBody(json)(draft, scope);
  };
