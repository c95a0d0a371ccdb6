import { component, defineComponent } from '../manifest/component.js';
import { boolean, integer, list, optional, template, text } from '../manifest/fields.js';
import { bindTemplate, type Interpolation } from '../manifest/interpolation.js';
import type { Place } from '../manifest/compiler.js';
import type { Authenticator } from './authenticator.js';
import { configScope } from './config-scope.js';
import { evaluatedMap } from './evaluated-map.js';
import { jwt } from './jwt.component.js';
import { clientOf, type OAuthFields } from './oauth-settings.js';
import { accessToken } from './oauth-token.js';
import { putHeader } from './put-credential.js';

const refusal = {
  refresh_token_error_status_codes: optional(list(integer()), []),
  refresh_token_error_key: optional(text(), ''),
  refresh_token_error_values: optional(list(text()), []),
};

const updater = defineComponent({
  type: 'RefreshTokenUpdater',
  fields: {
    refresh_token_name: optional(text(), 'refresh_token'),
    access_token_config_path: optional(list(text()), ['credentials', 'access_token']),
    refresh_token_config_path: optional(list(text()), ['credentials', 'refresh_token']),
    token_expiry_date_config_path: optional(list(text()), ['credentials', 'token_expiry_date']),
    ...refusal,
  },
  build: (fields) => fields,
});

/**
 * OAuth 2.0 with a refresh token, client credentials, another grant or a signed assertion. Tokens live in the connection's vault: one refresh
 * at a time over all workers, and a rotated refresh token is stored before its access token is used. Without `token_refresh_endpoint` the
 * configured access token is all there is.
 */
export const oauth = defineComponent({
  type: 'OAuthAuthenticator',
  fields: {
    token_refresh_endpoint: optional(template()),
    client_id_name: optional(template()),
    client_id: optional(template()),
    client_secret_name: optional(template()),
    client_secret: optional(template()),
    refresh_token_name: optional(template()),
    refresh_token: optional(template()),
    grant_type_name: optional(template()),
    grant_type: optional(template()),
    scopes: optional(list(text()), []),
    access_token_name: optional(template()),
    access_token_value: optional(template()),
    expires_in_name: optional(template()),
    token_expiry_date: optional(template()),
    token_expiry_date_format: optional(text()),
    refresh_request_body: optional(evaluatedMap(), () => ({})),
    refresh_request_headers: optional(evaluatedMap(), () => ({})),
    send_refresh_request_as_query_params: optional(boolean(), false),
    refresh_token_updater: optional(component(() => [updater])),
    profile_assertion: optional(component(() => [jwt])),
    use_profile_assertion: optional(template()),
    ...refusal,
  },
  build(fields, place): Authenticator {
    const named = (found: Interpolation | undefined, name: string): Interpolation => found ?? constant(name, place);
    const { refresh_token_updater: rotation, use_profile_assertion: wanted, profile_assertion: assertion } = fields;
    const signs = fields.refresh_token_error_status_codes.length > 0 ? fields : (rotation ?? fields);
    const oauthFields: Omit<OAuthFields, 'assertion' | 'grant_type'> = {
      ...fields,
      client_id_name: named(fields.client_id_name, 'client_id'),
      client_secret_name: named(fields.client_secret_name, 'client_secret'),
      refresh_token_name: named(fields.refresh_token_name, 'refresh_token'),
      grant_type_name: named(fields.grant_type_name, 'grant_type'),
      access_token_name: named(fields.access_token_name, 'access_token'),
      expires_in_name: named(fields.expires_in_name, 'expires_in'),
      // In Airbyte the format's text is not looked at: that there is one says that a point in time comes.
      expiryIsDate: fields.token_expiry_date_format !== undefined && fields.token_expiry_date_format !== '',
      signs: {
        statuses: signs.refresh_token_error_status_codes,
        key: signs.refresh_token_error_key,
        values: signs.refresh_token_error_values,
      },
    };
    const plain: OAuthFields = { ...oauthFields, assertion: undefined, grant_type: named(fields.grant_type, 'refresh_token') };
    const asserted: OAuthFields = {
      ...oauthFields,
      assertion,
      grant_type: constant('urn:ietf:params:oauth:grant-type:jwt-bearer', place),
    };
    return {
      async authorize({ draft, scope: at, access }) {
        const scope = configScope(at);
        const settings = wanted?.holds(scope) === true ? asserted : plain;
        const put = (token: string): void => putHeader(draft, 'Authorization', `Bearer ${token}`);
        const given = settings.access_token_value?.text(scope) ?? '';
        if (settings.token_refresh_endpoint === undefined && given !== '') return put(given);
        const token = await accessToken(settings, { scope, access, good: () => true });
        put(token);
        draft.renewal = async () => {
          await accessToken(settings, { scope, access, good: (other) => other !== token });
        };
      },
      identity: (at) => JSON.stringify([clientOf(plain, configScope(at)).id, assertion?.identity(at) ?? '']),
    };
  },
});

const constant = (value: string, place: Place): Interpolation =>
  bindTemplate(place.compiler.template(value, place.pointer), place);
