import { SluiceError } from '../../errors/index.js';
import type { Answer } from '../errors/answer.js';
import { RequestDraft } from '../http/request-draft.js';
import { defineComponent } from '../manifest/component.js';
import { optional, template } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { str } from '../template/values.js';
import type { Access, Authenticator } from './authenticator.js';
import { configScope } from './config-scope.js';
import { digest } from './digest.js';
import { heldToken } from './held-token.js';
import { putHeader } from './put-credential.js';
import { sendForCredential } from './send-for-credential.js';

/** As Airbyte keeps a session; it also asks before every request whether a configured one is good, where once is enough: a refused one is replaced. */
const LIFETIME_MS = 86_400_000;

/** A session token of the configuration while the source accepts it, else one that user name and password give. Deprecated in Airbyte. */
export const legacySessionToken = defineComponent({
  type: 'LegacySessionTokenAuthenticator',
  fields: {
    header: template(),
    login_url: template(),
    validate_session_url: template(),
    session_token_response_key: template(),
    session_token: optional(template()),
    username: optional(template()),
    password: optional(template()),
  },
  build(fields): Authenticator {
    const { header, username, password, session_token: configured } = fields;
    return {
      identity: (at) => {
        const scope = configScope(at);
        return JSON.stringify([username?.text(scope) ?? '', configured?.text(scope) ?? '']);
      },
      async authorize({ draft, scope: at, base, access }) {
        const scope = configScope(at);
        const [given, user, secret] = [configured, username, password].map((one) => one?.text(scope) ?? '') as [
          string,
          string,
          string,
        ];
        const name = header.text(scope);

        const isValid = (asking: Access): Promise<boolean> =>
          sendForCredential(asking, {
            ...{ label: 'the request that validates the session', scope },
            draft() {
              const request = new RequestDraft(`${base}${fields.validate_session_url.text(scope)}`, 'GET');
              request.header(name, given);
              return request;
            },
            read: ({ status }) => isAccepted(status),
          });
        const logIn = (asking: Access): Promise<string> =>
          sendForCredential(asking, {
            ...{ label: 'the login request', scope },
            draft() {
              const request = new RequestDraft(`${base}${fields.login_url.text(scope)}`, 'POST');
              request.jsonBody({ username: user, password: secret });
              return request;
            },
            read: (answer) => tokenOf(answer, fields.session_token_response_key.text(scope)),
          });
        const obtain = (good: (token: string) => boolean): Promise<string> =>
          heldToken(access, {
            ...{ name: 'legacy-session', inputs: digest([base, name, given, user, secret]), good },
            async renew(asking, { first }) {
              const renewAt = access.now() + LIFETIME_MS;
              // One that was good and is refused now is not asked about again.
              if (first && given !== '' && (await isValid(asking))) return { token: given, renewAt };
              if (user !== '' && secret !== '') return { token: await logIn(asking), renewAt };
              throw new SluiceError('SOURCE_AUTH_FAILED', {
                detail: 'the session token is not accepted, and there is no user name with a password to get another one',
              });
            },
          });

        const token = await obtain(() => true);
        putHeader(draft, name, token);
        draft.renewal = async () => {
          await obtain((other) => other !== token);
        };
      },
    };
  },
});

function isAccepted(status: number): boolean {
  if (status < 400) return true;
  if (status === 401) return false;
  throw new SluiceError('SOURCE_REQUEST_REFUSED', {
    detail: `the request that validates the session answered ${status}`,
    details: { status },
  });
}

function tokenOf(answer: Answer, key: string): string {
  const { status } = answer;
  if (status >= 400)
    throw new SluiceError('SOURCE_AUTH_FAILED', {
      detail: `the login request answered ${status}: user name or password are not accepted`,
      details: { status },
    });
  const body = answer.decoded();
  const token = isObject(body) && Object.hasOwn(body, key) ? body[key] : null;
  if (token !== null) return str(token);
  throw new SluiceError('SOURCE_REQUEST_REFUSED', { detail: `the login answer holds no "${key}"` });
}
