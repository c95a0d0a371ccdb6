import { SluiceError } from '../../errors/index.js';
import { isObject } from '../manifest/tree.js';

/** How deep a token answer is looked into. */
const MAX_DEPTH = 5;

/** The first value of that name in an answer, wherever it is nested; null when there is none. */
export function findInAnswer(value: unknown, name: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  if (isObject(value) && Object.hasOwn(value, name)) return value[name];
  const inside = isObject(value) ? Object.values(value) : Array.isArray(value) ? (value as unknown[]) : [];
  for (const item of inside) {
    const found = findInAnswer(item, name, depth + 1);
    if (found !== null && found !== undefined) return found;
  }
  return null;
}

/** Manifests that know how their provider says that a refresh token is no longer good. */
export interface RefusalSigns {
  statuses: readonly number[];
  key: string;
  values: readonly string[];
}

/** Codes of RFC 6749 section 5.2 and the likes of "AADSTS50173": all that is repeated of a refusal, since the words beside may hold a credential. */
const ERROR_CODE = /^[a-z][a-z_]{2,39}$/;
const PROVIDER_CODE = /^[A-Za-z]{3,16}\d{4,12}\b/;

/**
 * What a refused token request means; null when the answer is no refusal. 400, 401 and 403 are about the credentials (RFC 6749), and so is
 * whatever the manifest says is.
 */
export function refusalOf(answer: { status: number; body: unknown }, signs: RefusalSigns): SluiceError | null {
  const { status, body } = answer;
  const error = isObject(body) ? body['error'] : undefined;
  const said = signs.statuses.includes(status) && isObject(body) && signs.values.some((value) => body[signs.key] === value);
  // Some providers refuse with status 200.
  if (status < 400 && typeof error !== 'string' && !said) return null;
  const code = [
    typeof error === 'string' && ERROR_CODE.test(error) ? error : null,
    isObject(body) && typeof body['error_description'] === 'string'
      ? PROVIDER_CODE.exec(body['error_description'].trim())?.[0]
      : null,
  ].filter((part) => typeof part === 'string');
  const answered = `the token request answered ${status}${code.length > 0 ? ` (${code.join(', ')})` : ''}`;
  const details = { status, ...(code.length > 0 ? { provider_code: code.join(', ') } : {}) };
  if ([400, 401, 403].includes(status) || status < 400 || said)
    return new SluiceError('SOURCE_AUTH_FAILED', { detail: `${answered}: ${meaning(code[0])}`, details });
  return new SluiceError('SOURCE_REQUEST_REFUSED', {
    detail: `${answered}: check the address of token_refresh_endpoint`,
    details,
  });
}

function meaning(code: string | undefined): string {
  switch (code) {
    case 'invalid_client':
    case 'unauthorized_client':
      return 'client id or secret are not accepted; correct them in the connection';
    case 'invalid_scope':
      return 'the scopes are not granted; grant them at the provider and authorise the connection anew';
    default:
      return 'the refresh token or client is not accepted (expired, revoked, or used elsewhere); authorise the connection anew and store the new credentials';
  }
}
