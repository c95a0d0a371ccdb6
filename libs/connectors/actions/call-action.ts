import type { ActionCall, ActionOutcome } from '../../contracts/action.port.js';
import type { OperationKind } from '../../contracts/call-meter.port.js';
import { saidWait } from '../../contracts/said-wait.js';
import { SluiceError } from '../../errors/index.js';
import { Answer } from '../errors/answer.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { Requester } from '../http/requester.js';
import { scopeOf, type Environment } from '../source/environment.js';
import type { Scope } from '../template/evaluate.js';
import type { ActionModel } from './compile-actions.js';
import type { ActionRequest } from './action-request.js';
import { isFound, readBody, resultAt, valueAt } from './read-answer.js';

/** Of what a provider said, kept for who looks after it. */
const KEPT_ANSWER_CHARACTERS = 2_000;
/** The connection was never there, so the request was not either. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** One try of an action: what it did at the provider, or that nobody knows. See Actions.call. */
export async function callAction(
  model: ActionModel,
  environment: Environment,
  call: ActionCall & { admitted: () => Promise<void> },
): Promise<ActionOutcome> {
  const key = model.keyPlace === null ? null : { place: model.keyPlace, value: call.key };
  let renewed = false;
  let admitted = false;
  for (;;) {
    const { requester, request } = model;
    const draft = await prepare(requester, request, environment, call, key);
    let inDoubt = false;
    try {
      const answer = await send(draft, environment, model, {
        ...{ kind: 'action', attempt: renewed ? 2 : (call.attempt ?? 1), signal: call.signal },
        async admitted() {
          // A try is admitted once: what is sent again after a renewal is the same try, under the same deadline.
          if (!admitted) await call.admitted();
          admitted = inDoubt = true;
        },
      });
      // A credential may have been revoked or replaced elsewhere: it is renewed once. A 401 says that nothing was done.
      if (answer.status === 401 && draft.renewal !== null && !renewed) {
        renewed = true;
        inDoubt = false;
        await draft.renewal();
        continue;
      }
      return judge(model, environment, answer);
    } catch (error) {
      if (!(error instanceof SluiceError) || !inDoubt) throw error;
      if (NOT_SENT.has(String(error.details['reason']))) return { kind: 'postponed', status: null, error, retryAt: null };
      return { kind: 'unknown', status: null, error };
    }
  }
}

/** See Actions.lookup. Errors: those of sending; SOURCE_SERVER_ERROR, SOURCE_REQUEST_REFUSED for an answer that tells nothing. */
export async function lookupAction(
  model: ActionModel,
  environment: Environment,
  call: ActionCall,
): Promise<{ result: string } | null> {
  const { lookup, name } = model;
  if (lookup === null) throw new SluiceError('INTERNAL', { detail: `the action ${name} has no lookup` });
  const draft = await prepare(lookup.requester, lookup.request, environment, call, null);
  const answer = await send(draft, environment, model, { kind: 'lookup', attempt: 1, signal: call.signal });
  if (answer.status === 404) return null;
  if (answer.status < 200 || answer.status > 299) throw refusal(model, answer, 'the lookup');
  const body = readBody(answer.response.body);
  if (lookup.request.isGraphql && isFound(valueAt(body, ['errors']))) throw refusal(model, answer, 'the lookup');
  return isFound(valueAt(body, lookup.found)) ? { result: resultAt(body, lookup.result) } : null;
}

export async function prepare(
  requester: Requester,
  request: ActionRequest,
  environment: Environment,
  { input, key: idempotencyKey, action, signal }: ActionCall,
  key: Parameters<ActionRequest['fill']>[2],
): Promise<RequestDraft> {
  const scope: Scope = {
    nowMs: environment.now(),
    names: { ...scopeOf(environment.config, 0, null).names, input, idempotency_key: idempotencyKey },
  };
  const draft = await requester.draft(scope, request.address(scope).replace(/^\/+/, ''), {
    ...environment,
    stream: action,
    signal,
  });
  request.fill(draft, scope, key);
  return draft;
}

async function send(
  draft: RequestDraft,
  { http }: Environment,
  { timeoutMs, repeat, name }: ActionModel,
  {
    kind,
    attempt,
    signal,
    admitted,
  }: { kind: OperationKind; attempt: number; signal: AbortSignal; admitted?: () => Promise<void> },
): Promise<Answer> {
  const { method, url, headers, body } = draft.finish();
  // Where a doubt costs a lookup or a person, a connection that is about to be closed must not make one.
  const ownConnection = repeat === 'none' || repeat === 'lookup';
  const response = await http.send({
    method,
    url,
    headers,
    signal,
    timeoutMs,
    ...{ ownConnection, attempt, operation: { kind, name } },
    ...(admitted === undefined ? {} : { admitted }),
    ...(body === undefined ? {} : { body }),
  });
  return new Answer(response, 1);
}

function judge(model: ActionModel, environment: Environment, answer: Answer): ActionOutcome {
  const { status } = answer;
  const nowMs = environment.now();
  const { action } = model.requester.errorHandler.resolve(answer, scopeOf(environment.config, nowMs, null));
  if (status === 429 || action === 'RATE_LIMITED') {
    const wait = saidWait(answer.header('retry-after')?.trim(), nowMs);
    const error = new SluiceError('RATE_LIMITED', {
      detail: `${model.name}: the provider asks to wait`,
      details: { provider_status: status },
    });
    return { kind: 'postponed', status, error, retryAt: wait === null ? null : nowMs + wait };
  }
  if (status === 408 || status >= 500) return { kind: 'unknown', status, error: refusal(model, answer, 'the call') };
  const { body } = answer.response;
  if (status < 200 || status > 299) return refused(model, answer);
  const value = readBody(body);
  const errorPaths = model.request.isGraphql ? [['errors'], ...model.errorPaths] : model.errorPaths;
  if (errorPaths.some((path) => isFound(valueAt(value, path)))) return refused(model, answer);
  return { kind: 'succeeded', status, result: resultAt(value, model.resultPath) };
}

const refused = (model: ActionModel, answer: Answer): ActionOutcome => ({
  kind: 'failed',
  status: answer.status,
  error: refusal(model, answer, 'the call'),
  answer: answer.response.body.toString('utf8').slice(0, KEPT_ANSWER_CHARACTERS),
});

/** Without a word of the provider's: it may quote what was sent. */
function refusal({ name }: ActionModel, { status }: Answer, what: string): SluiceError {
  const code =
    status === 401 || status === 403
      ? 'SOURCE_AUTH_FAILED'
      : status === 408 || status >= 500
        ? 'SOURCE_SERVER_ERROR'
        : 'ACTION_REFUSED';
  return new SluiceError(code, {
    detail: `${name}: ${what} was answered with status ${status}`,
    details: { provider_status: status },
  });
}
