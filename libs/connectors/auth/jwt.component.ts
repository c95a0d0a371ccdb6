import { SluiceError } from '../../errors/index.js';
import { component, defineComponent } from '../manifest/component.js';
import { enumeration, integer, optional, template } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { PyCallable, isNumber, str } from '../template/values.js';
import { parseJson } from '../../json/index.js';
import type { Authenticator } from './authenticator.js';
import { configScope } from './config-scope.js';
import { evaluatedMap } from './evaluated-map.js';
import { JWT_ALGORITHMS, signJwt } from './jwt-sign.js';
import { credentialOption, putCredential, putHeader } from './put-credential.js';

/** Makes a signed token for every request, so none grows old. */
export interface SignedToken {
  /** With its prefix. Throws CONFIG_INVALID. */
  token(scope: Scope): string;
  identity(scope: Scope): string;
}

const DEFAULT_DURATION_S = 1_200;
const RESERVED_HEADERS = ['kid', 'alg', 'typ', 'cty'];
const RESERVED_CLAIMS = ['iss', 'sub', 'aud', 'iat', 'exp', 'nbf'];

const names = <K extends string>(type: string, ...keys: readonly K[]) =>
  defineComponent({
    type,
    fields: Object.fromEntries(keys.map((key) => [key, optional(template())])),
    build: (fields) => fields as Partial<Record<K, Interpolation>>,
  });
const jwtHeaders = names('JwtHeaders', 'kid', 'typ', 'cty');
const jwtPayload = names('JwtPayload', 'iss', 'sub', 'aud');

/** Only here may templates read JSON: a service account's key file is one value of the configuration. */
const withJson = (at: Scope): Scope => {
  const scope = configScope(at);
  const loads = new PyCallable('json_loads', ([value]) => parseJson(Buffer.from(str(value))));
  return { ...scope, names: { ...scope.names, json_loads: loads } };
};

/** A JWT signed with the connection's key, made anew for each request, as Airbyte does. */
export const jwt = defineComponent({
  type: 'JwtAuthenticator',
  fields: {
    secret_key: template(),
    algorithm: enumeration(...JWT_ALGORITHMS),
    base64_encode_secret_key: optional(template()),
    token_duration: optional(integer(), DEFAULT_DURATION_S),
    header_prefix: optional(template()),
    jwt_headers: optional(
      component(() => [jwtHeaders]),
      {},
    ),
    additional_jwt_headers: optional(evaluatedMap(), () => ({})),
    jwt_payload: optional(
      component(() => [jwtPayload]),
      {},
    ),
    additional_jwt_payload: optional(evaluatedMap(), () => ({})),
    passphrase: optional(template()),
    request_option: optional(component(() => [credentialOption])),
  },
  build(fields): Authenticator & SignedToken {
    const { algorithm, secret_key: secret, request_option: option } = fields;
    const keyOf = (scope: Scope): { text: string; passphrase: string | null } => {
      const text = secret.text(scope);
      const passphrase = fields.passphrase?.text(scope) || null;
      if (passphrase !== null || fields.base64_encode_secret_key?.holds(scope) !== true) return { text, passphrase };
      return { text: Buffer.from(text).toString('base64'), passphrase };
    };
    const token = (at: Scope): string => {
      const scope = withJson(at);
      const now = Math.floor(scope.nowMs / 1_000);
      const header = {
        ...{ typ: 'JWT', alg: algorithm },
        ...unreserved(fields.additional_jwt_headers(scope), RESERVED_HEADERS, 'additional_jwt_headers'),
        ...evaluated(fields.jwt_headers, scope),
      };
      const payload = {
        ...unreserved(fields.additional_jwt_payload(scope), RESERVED_CLAIMS, 'additional_jwt_payload'),
        ...evaluated(fields.jwt_payload, scope),
        ...{ iat: now, exp: now + fields.token_duration, nbf: now },
      };
      const prefix = fields.header_prefix?.text(scope) ?? '';
      return (prefix === '' ? '' : `${prefix} `) + signed({ header, payload, algorithm, key: keyOf(scope) });
    };
    return {
      token,
      async authorize({ draft, scope }) {
        const value = token(scope);
        if (option === undefined) putHeader(draft, 'Authorization', value);
        else putCredential(draft, { place: option, value, scope });
      },
      identity(at) {
        const scope = { ...withJson(at), nowMs: 0 };
        return JSON.stringify([secret.text(scope), evaluated(fields.jwt_headers, scope), evaluated(fields.jwt_payload, scope)]);
      },
    };
  },
});

function evaluated(templates: Readonly<Record<string, Interpolation | undefined>>, scope: Scope): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(templates)) {
    const result = value?.evaluate(scope, '');
    // An id of digits is read as a number; what these fields hold is text (RFC 7519). An audience may be a list.
    if (value !== undefined) found[name] = isNumber(result) ? str(result) : result;
  }
  return found;
}

function unreserved(values: Record<string, unknown>, reserved: readonly string[], field: string): Record<string, unknown> {
  const taken = reserved.find((name) => Object.hasOwn(values, name));
  if (taken !== undefined) throw new SluiceError('MANIFEST_INVALID', { detail: `${field} may not set the reserved "${taken}"` });
  return values;
}

function signed(request: Parameters<typeof signJwt>[0]): string {
  try {
    return signJwt(request);
  } catch {
    // The reason would speak of the key.
    throw new SluiceError('CONFIG_INVALID', {
      detail: `the secret key cannot sign with ${request.algorithm}: it is no private key of that kind, or the passphrase is wrong`,
    });
  }
}
