import { SluiceError } from '../../errors/index.js';
import { sendWithRetries } from '../errors/send.js';
import type { Answer } from '../errors/answer.js';
import type { Requester } from '../http/requester.js';
import type { RequestDraft } from '../http/request-draft.js';
import { component, defineComponent, lateComponent } from '../manifest/component.js';
import { field, list, optional, template, text, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { decodeJson, decoders } from '../records/decoders.component.js';
import { str } from '../template/values.js';
import { parseDuration } from '../time/duration.js';
import type { Access, Authenticator } from './authenticator.js';
import { atPath, configScope } from './config-scope.js';
import { digest } from './digest.js';
import { heldToken } from './held-token.js';
import { renewalTime } from './lifetime.js';
import type { Token } from './oauth-settings.js';
import { credentialOption, putCredential, putHeader, type CredentialPlace } from './put-credential.js';

/**
 * How long a session is used where the manifest does not say. Airbyte logs in before every single request then; a minute of use costs the
 * provider far less, and a session that ends earlier is renewed when it is refused.
 */
const UNTOLD_LIFETIME_MS = 60_000;
const MS_PER_DAY = 86_400_000;

/** Milliseconds of an ISO 8601 duration; a month counts 30 days. */
const duration = (): Field<number> =>
  field((value, place) => {
    const parsed = typeof value === 'string' ? parseDuration(value) : null;
    if (parsed !== null) return parsed.micros / 1_000 + parsed.months * 30 * MS_PER_DAY;
    return place.compiler.reject({
      path: place.pointer,
      message: 'an ISO 8601 duration is expected',
      found: String(value),
      allowed: ['PT1H'],
    });
  });

/** Puts the session's token into a request. */
type Put = (request: { draft: RequestDraft; scope: Scope; token: string }) => void;

const asApiKey = defineComponent({
  type: 'ApiKey',
  fields: { inject_into: component(() => [credentialOption]), api_token: optional(template()) },
  build({ inject_into: place, api_token: shape }: { inject_into: CredentialPlace; api_token: Interpolation | undefined }): Put {
    return ({ draft, scope, token }) => {
      const named = { ...scope, names: { ...scope.names, session_token: token } };
      putCredential(draft, { place, value: shape === undefined ? token : shape.text(named), scope });
    };
  },
});

const asBearer = defineComponent({
  type: 'Bearer',
  fields: {},
  build:
    (): Put =>
    ({ draft, token }) =>
      putHeader(draft, 'Authorization', `Bearer ${token}`),
});

/** Logs in with a request of its own and uses the token of the answer until it ends or is refused; the vault shares it between workers. */
export const sessionToken = defineComponent({
  type: 'SessionTokenAuthenticator',
  fields: {
    login_requester: lateComponent<Requester>('HttpRequester'),
    session_token_path: list(text()),
    expiration_duration: optional(duration()),
    request_authentication: component<Put>(() => [asApiKey, asBearer]),
    decoder: optional(
      component(() => decoders),
      decodeJson,
    ),
  },
  build({
    login_requester: login,
    session_token_path: path,
    expiration_duration: lifetime,
    request_authentication: put,
    decoder,
  }): Authenticator {
    const identity = (at: Scope): string => {
      const scope = { ...configScope(at), nowMs: 0 };
      const { url, headers, body } = login.compose(scope, null).finish();
      return JSON.stringify([url, headers, body ?? '', login.account(scope).identity]);
    };

    const logIn = async (access: Access, scope: Scope): Promise<Token> => {
      const current = (): Scope => ({ ...scope, nowMs: access.now() });
      let token = '';
      const answer = await sendWithRetries({
        http: access.http,
        kind: 'credential',
        signal: access.signal,
        handler: login.errorHandler,
        timeoutMs: login.timeoutMs,
        decoder,
        label: { stream: access.stream, request: `the login request ${login.label}` },
        scope: current,
        resumed: false,
        draft: () => login.draft(current(), null, access),
        verify: (found) => {
          token = tokenOf(found, path);
        },
      });
      if (answer === null)
        throw new SluiceError('SOURCE_AUTH_FAILED', {
          detail: 'the error handler of the login request ignores its answer, so there is no session token',
        });
      access.learn(token);
      const now = access.now();
      return { token, renewAt: lifetime === undefined ? now + UNTOLD_LIFETIME_MS : renewalTime(now + lifetime, now) };
    };

    const obtain = (access: Access, scope: Scope, good: (token: string) => boolean): Promise<string> =>
      heldToken(access, {
        ...{ name: 'session', inputs: digest([identity(scope), path]), good },
        renew: (renewing) => logIn(renewing, scope),
      });

    return {
      identity,
      async authorize({ draft, scope: at, access }) {
        const scope = configScope(at);
        const token = await obtain(access, scope, () => true);
        put({ draft, scope, token });
        draft.renewal = async () => {
          await obtain(access, scope, (other) => other !== token);
        };
      },
    };
  },
});

function tokenOf(answer: Answer, path: readonly string[]): string {
  const token = atPath(answer.first(), path);
  if (typeof token === 'object' || token === undefined)
    throw new SluiceError('SOURCE_REQUEST_REFUSED', { detail: `the login answer holds no session token at "${path.join('.')}"` });
  return str(token);
}
