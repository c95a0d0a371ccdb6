import { component, defineComponent } from '../manifest/component.js';
import { boolean, enumeration, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { defaultErrorHandling, errorHandlers, type ErrorHandler } from '../errors/error-handlers.component.js';
import { isDict, str } from '../template/values.js';
import type { Access } from '../auth/authenticator.js';
import { authenticators } from '../auth/authenticators.component.js';
import { RequestDraft } from './request-draft.js';
import { nestedTemplate, requestInputs } from './request-inputs.js';

/** Builds the requests of a stream. */
export interface Requester {
  readonly errorHandler: ErrorHandler;
  /** Method and path as written in the manifest, for messages: it holds no value of a record or secret. */
  readonly label: string;
  /** `address`: a page token that is the next page's address; relative ones go on from the base. */
  draft(scope: Scope, address: string | null, access: Access): Promise<RequestDraft>;
  /** The request without its credentials. */
  compose(scope: Scope, address: string | null): RequestDraft;
  /** Base address, and what tells this account from another at that host. For hashing only. */
  account(scope: Scope): { base: string; identity: string };
}

export const httpRequester = defineComponent({
  type: 'HttpRequester',
  fields: {
    url: optional(template()),
    url_base: optional(template()),
    path: optional(template()),
    http_method: optional(enumeration('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'), 'GET'),
    authenticator: optional(component(() => authenticators)),
    error_handler: optional(component(() => errorHandlers)),
    request_parameters: optional(requestInputs()),
    request_headers: optional(requestInputs()),
    request_body_data: optional(requestInputs()),
    request_body_json: optional(nestedTemplate()),
    use_cache: optional(boolean()),
  },
  ignored: ['name'],
  uncovered: ['request_body', 'fetch_properties_from_endpoint', 'query_properties'],
  build(fields, place): Requester {
    const { url, url_base: base, path, http_method: method, authenticator, request_body_json: json } = fields;
    const root = url ?? base;
    if (root === undefined) return place.compiler.reject({ path: place.pointer, message: 'HttpRequester needs url or url_base' });
    const compose = (scope: Scope, address: string | null): RequestDraft => {
      const draft = new RequestDraft(join(root.text(scope), address ?? path?.text(scope) ?? ''), method);
      for (const [name, value] of Object.entries(fields.request_headers?.(scope) ?? {}))
        if (value !== null) draft.header(name, str(value));
      for (const [name, value] of Object.entries(fields.request_parameters?.(scope) ?? {})) draft.parameter(name, value);
      for (const [name, value] of Object.entries(fields.request_body_data?.(scope) ?? {})) draft.formField(name, value);
      const body = json?.(scope);
      if (isDict(body)) draft.jsonBody(body);
      else if (typeof body === 'string' && body !== '') draft.raw(body);
      return draft;
    };
    return {
      compose,
      errorHandler: fields.error_handler ?? defaultErrorHandling,
      label: `${method} ${path?.template.source ?? ''}`.trim(),
      account: (scope) => ({ base: root.text(scope), identity: authenticator?.identity(scope) ?? '' }),
      async draft(scope, address, access) {
        const draft = compose(scope, address);
        await authenticator?.authorize({ draft, scope, base: root.text(scope), access });
        return draft;
      },
    };
  },
});

/** As Python's urljoin does with the base as a folder: a full address replaces it, and doubled slashes in the path become one. */
function join(base: string, path: string): string {
  if (/^https?:\/\//i.test(path)) return path;
  if (path === '') return base;
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/]*)(.*)$/i.exec(base) ?? [undefined, '', base];
  const [address = '', query] = `${rest}/${path}`.split(/(?=[?#])/, 2);
  return origin + address.replace(/\/{2,}/g, '/') + (query ?? '');
}
