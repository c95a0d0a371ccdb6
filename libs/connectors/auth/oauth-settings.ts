import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { atPath, configOf } from './config-scope.js';
import type { SignedToken } from './jwt.component.js';
import { pointInTime, renewalTime } from './lifetime.js';
import type { RefusalSigns } from './oauth-answer.js';

/** An OAuthAuthenticator as the manifest has it. */
export interface OAuthFields {
  token_refresh_endpoint: Interpolation | undefined;
  client_id_name: Interpolation;
  client_id: Interpolation | undefined;
  client_secret_name: Interpolation;
  client_secret: Interpolation | undefined;
  refresh_token_name: Interpolation;
  refresh_token: Interpolation | undefined;
  grant_type_name: Interpolation;
  grant_type: Interpolation;
  scopes: readonly string[];
  access_token_value: Interpolation | undefined;
  token_expiry_date: Interpolation | undefined;
  refresh_request_body: (scope: Scope) => Record<string, unknown>;
  refresh_request_headers: (scope: Scope) => Record<string, unknown>;
  send_refresh_request_as_query_params: boolean;
  refresh_token_updater: RefreshTokenUpdater | undefined;
  /** A signed token instead of client and refresh token (RFC 7523). */
  assertion: SignedToken | undefined;
  access_token_name: Interpolation;
  expires_in_name: Interpolation;
  /** The provider tells when a token ends, not how long it lives. */
  expiryIsDate: boolean;
  signs: RefusalSigns;
}

/** Where Airbyte keeps what it rotates: these places of the configuration hold what a connection starts with. */
export interface RefreshTokenUpdater {
  refresh_token_name: string;
  access_token_config_path: readonly string[];
  refresh_token_config_path: readonly string[];
  token_expiry_date_config_path: readonly string[];
}

/** A token that is valid until it is to be replaced, ms since the epoch. */
export interface Token {
  token: string;
  renewAt: number;
}

const textAt = (scope: Scope, path: readonly string[]): string | null => {
  const found = atPath(configOf(scope), path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : null;
};

/** As in Airbyte: with an updater, the configuration's own place for these goes before the template. */
export const clientOf = (fields: OAuthFields, scope: Scope): { id: string; secret: string } => {
  const own = (name: 'client_id' | 'client_secret'): string =>
    (fields.refresh_token_updater && textAt(scope, ['credentials', name])) ?? fields[name]?.text(scope) ?? '';
  return { id: own('client_id'), secret: own('client_secret') };
};

/** The refresh token that the connection began with; null where the grant has none. */
export const firstRefreshToken = (fields: OAuthFields, scope: Scope): string | null =>
  fields.refresh_token_updater
    ? (textAt(scope, fields.refresh_token_updater.refresh_token_config_path) ?? '')
    : (fields.refresh_token?.text(scope) ?? null);

export const refreshTokenName = (fields: OAuthFields, scope: Scope): string =>
  fields.refresh_token_updater?.refresh_token_name ?? fields.refresh_token_name.text(scope);

/** The access token that came with the configuration, where it can still be used. One that does not say until when counts as ended, as in Airbyte. */
export function givenToken(fields: OAuthFields, scope: Scope, nowMs: number): Token | null {
  const updater = fields.refresh_token_updater;
  const token = updater ? textAt(scope, updater.access_token_config_path) : fields.access_token_value?.text(scope);
  const told = updater ? textAt(scope, updater.token_expiry_date_config_path) : fields.token_expiry_date?.text(scope);
  const endsAt = pointInTime(told);
  if (!token || endsAt === null) return null;
  const renewAt = renewalTime(endsAt, nowMs);
  return renewAt > nowMs ? { token, renewAt } : null;
}
