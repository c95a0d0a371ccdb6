import { sendWithRetries } from '../errors/send.js';
import type { Answer } from '../errors/answer.js';
import { defaultErrorHandling, type ErrorHandler } from '../errors/error-handlers.component.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { Scope } from '../manifest/interpolation.js';
import { decodeJson } from '../records/decoders.component.js';
import type { Access } from './authenticator.js';

/** Of the caller's faults those that pass. */
const PASSING = new Set([408, 429]);

/** Trouble that passes is tried again; everything else is for `read` to judge, which knows what a refusal means here. */
const patient: ErrorHandler = {
  ...defaultErrorHandling,
  maxRetries: () => 4,
  resolve(answer, scope) {
    const usual = defaultErrorHandling.resolve(answer, scope);
    const passing = answer.status >= 500 || PASSING.has(answer.status);
    return passing ? usual : { ...usual, action: 'SUCCESS' };
  },
};

/** Sends a request whose answer holds a credential, with retries of its own. `read` is called for every answer that is no passing trouble. */
export async function sendForCredential<T>(
  access: Access,
  request: { label: string; scope: Scope; draft: () => RequestDraft; read: (answer: Answer) => T },
): Promise<T> {
  const { http, stream, signal, now } = access;
  let found: { value: T } | undefined;
  await sendWithRetries({
    http,
    kind: 'credential',
    signal,
    handler: patient,
    decoder: decodeJson,
    label: { stream, request: request.label },
    scope: () => ({ ...request.scope, nowMs: now() }),
    resumed: false,
    draft: async () => request.draft(),
    verify(answer) {
      found = { value: request.read(answer) };
    },
  });
  if (found === undefined) throw new Error('an answer was neither read nor refused');
  return found.value;
}
