import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { parseJson } from '../../json/index.js';
import type { Answer } from '../errors/answer.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { str } from '../template/values.js';
import type { Access } from './authenticator.js';
import { digest } from './digest.js';
import { endOfLife, renewalTime } from './lifetime.js';
import { findInAnswer, refusalOf } from './oauth-answer.js';
import { tokenRequest } from './oauth-request.js';
import { clientOf, firstRefreshToken, givenToken, refreshTokenName, type OAuthFields, type Token } from './oauth-settings.js';
import { sendForCredential } from './send-for-credential.js';

/** What the vault keeps: the newest refresh token of a chain (null: still the first), and access tokens by what they are for. */
interface Kept {
  refreshToken: string | null;
  access: Record<string, Token>;
}

const read = (stored: JsonObject): Kept => ({
  refreshToken: typeof stored['refresh_token'] === 'string' ? stored['refresh_token'] : null,
  access: isObject(stored['access']) ? (stored['access'] as unknown as Kept['access']) : {},
});
const write = ({ refreshToken, access }: Kept): JsonObject => ({
  refresh_token: refreshToken,
  access: access as unknown as JsonObject,
});

/** Which credential is meant: nothing in it changes with the time or with a renewal. */
function identify(oauth: OAuthFields, at: Scope): { chain: string; purpose: string } {
  const scope = { ...at, nowMs: 0 };
  const first = firstRefreshToken(oauth, scope);
  const { url, body } = tokenRequest({ ...oauth, assertion: undefined }, scope, null).finish();
  const headers = Object.entries(oauth.refresh_request_headers(scope)).map(([name, value]) => [name, str(value)]);
  const purpose = digest([url, body ?? '', headers, oauth.assertion?.identity(scope) ?? '']);
  // A chain of refresh tokens is one, whatever access is asked of it.
  const chained = oauth.assertion === undefined && first !== null && first !== '';
  return { chain: chained ? digest([clientOf(oauth, scope).id, first]) : purpose, purpose };
}

/** An access token that `good` accepts: stored, given with the configuration, or new. */
export async function accessToken(
  oauth: OAuthFields,
  { scope, access, good }: { scope: Scope; access: Access; good: (token: string) => boolean },
): Promise<string> {
  const { chain, purpose } = identify(oauth, scope);
  const usable = (token: Token | undefined): boolean => token !== undefined && token.renewAt > access.now() && good(token.token);
  const found = await access.credentials.obtain({
    name: 'oauth',
    inputs: chain,
    signal: access.signal,
    accept: (stored) => usable(read(stored).access[purpose]),
    async renew(stored, signal) {
      const current = stored === null ? { refreshToken: null, access: {} } : read(stored);
      const given = stored === null ? givenToken(oauth, scope, access.now()) : null;
      const fresh =
        given !== null && usable(given)
          ? { token: given, refreshToken: null }
          : await refresh(oauth, { scope, access: { ...access, signal }, rotated: current.refreshToken });
      const others = Object.entries(current.access).filter(([, { renewAt }]) => renewAt > access.now());
      return write({
        refreshToken: fresh.refreshToken ?? current.refreshToken,
        access: { ...Object.fromEntries(others), [purpose]: fresh.token },
      });
    },
  });
  const { token } = read(found).access[purpose] ?? {};
  if (token === undefined) throw new SluiceError('INTERNAL', { detail: 'the vault gave a credential without its access token' });
  access.learn(token);
  return token;
}

interface Granted {
  token: Token;
  /** A new one in place of the one that was used; null: the old one stays. */
  refreshToken: string | null;
}

async function refresh(
  oauth: OAuthFields,
  { scope, access, rotated }: { scope: Scope; access: Access; rotated: string | null },
): Promise<Granted> {
  const current = (): Scope => ({ ...scope, nowMs: access.now() });
  const first = firstRefreshToken(oauth, scope);
  const ask = (refreshToken: string | null): Promise<Granted> =>
    sendForCredential(access, {
      label: 'the token request',
      scope,
      draft: () => tokenRequest(oauth, current(), refreshToken),
      read: (answer) => readGrant(oauth, { answer, scope: current(), access }),
    });
  if (rotated !== null) access.learn(rotated);
  try {
    return await ask(rotated ?? first);
  } catch (error) {
    // Airbyte always uses the first one where the manifest does not say that it changes: what a provider sends along may be no use.
    const other = rotated !== null && rotated !== first && !oauth.refresh_token_updater;
    if (!other || !(error instanceof SluiceError) || error.code !== 'SOURCE_AUTH_FAILED') throw error;
    return await ask(first);
  }
}

function readGrant(oauth: OAuthFields, { answer, scope, access }: { answer: Answer; scope: Scope; access: Access }): Granted {
  const body = bodyOf(answer);
  const refused = refusalOf({ status: answer.status, body }, oauth.signs);
  if (refused !== null) throw refused;
  const token = findInAnswer(body, oauth.access_token_name.text(scope));
  if (token === null || token === undefined || token === '')
    throw new SluiceError('SOURCE_REQUEST_REFUSED', {
      detail: `the token answer holds no "${oauth.access_token_name.text(scope)}"`,
    });
  access.learn(str(token));
  const next = findInAnswer(body, refreshTokenName(oauth, scope));
  if (typeof next === 'string' && next !== '') access.learn(next);
  const endsAt = endOfLife(findInAnswer(body, oauth.expires_in_name.text(scope)), {
    isDate: oauth.expiryIsDate,
    nowMs: scope.nowMs,
  });
  return {
    token: { token: str(token), renewAt: renewalTime(endsAt, scope.nowMs) },
    refreshToken: typeof next === 'string' && next !== '' ? next : null,
  };
}

function bodyOf({ response: { body, status } }: Answer): unknown {
  try {
    return parseJson(body);
  } catch {
    // An error page is judged by its status; the parser's message would quote it.
    if (status >= 400) return {};
    throw new SluiceError('SOURCE_REQUEST_REFUSED', { detail: `the token answer (status ${status}) is no JSON` });
  }
}
