import type { Scope } from '../manifest/interpolation.js';
import { RequestDraft } from '../http/request-draft.js';
import { str } from '../template/values.js';
import { clientOf, refreshTokenName, type OAuthFields } from './oauth-settings.js';

/** The token request, as Airbyte makes it: a form, or query parameters; what the manifest adds does not replace what the grant needs. */
export function tokenRequest(fields: OAuthFields, scope: Scope, refreshToken: string | null): RequestDraft {
  const draft = new RequestDraft(fields.token_refresh_endpoint?.text(scope) ?? '', 'POST');
  const headers = fields.refresh_request_headers(scope);
  for (const [name, value] of Object.entries(headers)) if (value !== null) draft.header(name, str(value));
  const named = new Map<string, unknown>([[fields.grant_type_name.text(scope), fields.grant_type.text(scope)]]);
  if (fields.assertion) named.set('assertion', fields.assertion.token(scope));
  else {
    const client = clientOf(fields, scope);
    // Providers that read the client from a header refuse one that is in the body too.
    if (!Object.hasOwn(headers, 'Authorization')) {
      named.set(fields.client_id_name.text(scope), client.id);
      named.set(fields.client_secret_name.text(scope), client.secret);
    }
    named.set(refreshTokenName(fields, scope), refreshToken);
    if (fields.scopes.length > 0) named.set('scopes', fields.scopes);
    for (const [name, value] of Object.entries(fields.refresh_request_body(scope))) if (!named.has(name)) named.set(name, value);
  }
  const inQuery = fields.send_refresh_request_as_query_params && !fields.assertion;
  for (const [name, value] of named)
    if (inQuery) draft.parameter(name, value);
    else draft.formField(name, value);
  return draft;
}
