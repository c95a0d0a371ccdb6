import type { ActionCall, ActionPreview } from '../../contracts/action.port.js';
import type { CredentialVault } from '../../contracts/credential-vault.port.js';
import type { HttpClient } from '../../contracts/http.port.js';
import { SluiceError } from '../../errors/index.js';
import type { Environment } from '../source/environment.js';
import { hider } from '../spec/redact.js';
import { prepare } from './call-action.js';
import type { ActionModel } from './compile-actions.js';

/** Credentials in them are encoded in ways of their own. */
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie']);

const refuse = (): Promise<never> =>
  Promise.reject(
    new SluiceError('INVALID_REQUEST', { detail: 'the credentials of this connection come from a call, which is not made here' }),
  );
const noCredentials: CredentialVault = { obtain: refuse, settled: () => Promise.resolve() };
const noHttp: HttpClient = { send: refuse };

/** See Actions.preview. */
export async function previewAction(
  model: ActionModel,
  environment: Environment,
  call: ActionCall,
  secrets: readonly string[],
): Promise<ActionPreview> {
  const key = model.keyPlace === null ? null : { place: model.keyPlace, value: call.key };
  const closed = { ...environment, credentials: noCredentials, http: noHttp };
  const draft = await prepare(model.requester, model.request, closed, call, key);
  const { method, url, headers, body } = draft.finish();
  const hide = hider(secrets);
  return {
    ...{ method, url: hide(url) },
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, SECRET_HEADERS.has(name.toLowerCase()) ? '[secret]' : hide(value)]),
    ),
    body: body === undefined ? null : hide(typeof body === 'string' ? body : Buffer.from(body).toString('utf8')),
  };
}
