import { setTimeout as delay } from 'node:timers/promises';
import type { HttpClient } from '../../contracts/http.port.js';
import { SluiceError, type ErrorCode } from '../../errors/index.js';
import type { Scope } from '../manifest/interpolation.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { Decoder } from '../records/decoders.component.js';
import { Answer } from './answer.js';
import { defaultResolution, type ErrorHandler, type Resolution } from './error-handlers.component.js';

/** Longer waits become a timer of the workflow, which holds no worker slot. */
const LONGEST_INNER_WAIT_MS = 15_000;
/** A body that is broken once may be cut off; one that stays broken is what the source sends. */
const BROKEN_BODY_RETRIES = 2;
/** Statuses by which providers refuse a page token that they no longer know. */
const POSITION_GONE = [400, 404, 410];
/** How long to stay away from a source that says 429 and never for how long. */
const UNKNOWN_RATE_WAIT_MS = 30_000;

export interface Sending {
  http: HttpClient;
  handler: ErrorHandler;
  /** Stream, method and path as the manifest names them. */
  label: { stream: string; request: string };
  /** A new draft for every try, since a token may have been renewed. */
  draft: () => Promise<RequestDraft>;
  scope: () => Scope;
  signal: AbortSignal;
  decoder: Decoder;
  /** Reads what the answer must hold; SOURCE_BAD_RESPONSE from it is tried again. */
  verify: (answer: Answer) => void;
  /** The request goes on from a stored position: statuses that say it is not known any more end it at once. */
  resumed: boolean;
  /** Fewer tries than the handler would make. */
  maxTries?: number | undefined;
}

/**
 * Sends until the error handler is content: the answer, or null where it says IGNORE. Waits up to 15 s happen here; RATE_LIMITED with
 * `retryAt` for longer ones. Failures name stream, method and path template only.
 */
export async function sendWithRetries(sending: Sending): Promise<Answer | null> {
  const { handler, signal } = sending;
  for (let attempt = 1; ; attempt++) {
    const outcome = await trySend(sending, attempt);
    if (outcome.kind === 'settled') return outcome.answer;
    const { error, answer, limit } = outcome;
    if (attempt > limit || attempt >= (sending.maxTries ?? Infinity)) throw error;
    const scope = sending.scope();
    const waitMs = 1_000 * (handler.wait({ answer, attempt, scope }) ?? retryAfter(answer, scope.nowMs) ?? 2 ** (attempt - 1));
    if (waitMs >= LONGEST_INNER_WAIT_MS) throw rateLimited(sending, scope.nowMs + waitMs, error);
    await pause(waitMs, signal);
  }
}

type Outcome =
  { kind: 'settled'; answer: Answer | null } | { kind: 'failed'; error: SluiceError; answer: Answer | null; limit: number };

async function trySend(sending: Sending, attempt: number): Promise<Outcome> {
  const { http, handler, signal } = sending;
  let answer: Answer | null = null;
  try {
    const draft = await sending.draft();
    const { url, body } = draft.finish();
    const response = await http.send({
      method: draft.method,
      url,
      headers: draft.headers,
      signal,
      ...(body === undefined ? {} : { body }),
    });
    answer = new Answer(response, attempt, sending.decoder);
    if (sending.resumed && POSITION_GONE.includes(answer.status)) throw positionRefused(sending, answer.status);
    const resolution = handler.resolve(answer, sending.scope());
    if (resolution.action === 'IGNORE') return { kind: 'settled', answer: null };
    if (resolution.action === 'SUCCESS') {
      sending.verify(answer);
      return { kind: 'settled', answer };
    }
    const error = failureOf(sending, answer, resolution);
    if (resolution.action === 'FAIL') throw error;
    return { kind: 'failed', error, answer, limit: handler.maxRetries };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SluiceError)) throw error;
    const named = withLabel(sending, error);
    if (error.code === 'SOURCE_UNREACHABLE' || error.code === 'SOURCE_TIMEOUT')
      return { kind: 'failed', error: named, answer, limit: handler.maxRetries };
    if (error.code === 'SOURCE_BAD_RESPONSE') return { kind: 'failed', error: named, answer, limit: BROKEN_BODY_RETRIES };
    throw named;
  }
}

function failureOf(sending: Sending, answer: Answer, { action, failure, message }: Resolution): SluiceError {
  const { status } = answer;
  const { stream, request } = sending.label;
  const detail = `${request} of stream ${stream} answered ${status}${message === null ? '' : ` (${message})`}`;
  const options = { detail, details: { stream, request, status } };
  const nowMs = sending.scope().nowMs;
  if (action === 'RATE_LIMITED' || status === 429)
    return new SluiceError('RATE_LIMITED', { ...options, retryAt: nowMs + UNKNOWN_RATE_WAIT_MS });
  return new SluiceError(codeOf(status, action === 'FAIL' ? failure : defaultResolution(status).failure), options);
}

function codeOf(status: number, failure: Resolution['failure']): ErrorCode {
  if (status === 401 || status === 403) return 'SOURCE_AUTH_FAILED';
  if (failure === 'transient_error' || status >= 500) return 'SOURCE_SERVER_ERROR';
  return 'SOURCE_REQUEST_REFUSED';
}

const positionRefused = ({ label: { stream, request } }: Sending, status: number): SluiceError =>
  new SluiceError('POSITION_REFUSED', {
    detail: `${request} of stream ${stream} answered ${status} to a stored page token`,
    details: { stream, request, status },
  });

const rateLimited = ({ label }: Sending, retryAt: number, cause: SluiceError): SluiceError =>
  new SluiceError('RATE_LIMITED', {
    detail: `stream ${label.stream}: the source asks to wait`,
    details: { stream: label.stream },
    retryAt: Math.ceil(retryAt),
    cause,
  });

function withLabel({ label: { stream, request } }: Sending, error: SluiceError): SluiceError {
  if (error.details['stream'] !== undefined) return error;
  const detail = `stream ${stream}, ${request}${error.detail === undefined ? '' : `: ${error.detail}`}`;
  const { errors, retryAt, details, cause } = error;
  return new SluiceError(error.code, {
    detail,
    errors,
    details: { ...details, stream, request },
    ...(retryAt === undefined ? {} : { retryAt }),
    cause,
  });
}

/** `Retry-After` where no strategy speaks of it: a number of seconds, or a date. */
function retryAfter(answer: Answer | null, nowMs: number): number | null {
  const text = answer?.header('retry-after');
  if (text === undefined) return null;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return Math.max(0, number);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, (at - nowMs) / 1_000);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // An abort is told by throwing the signal's own reason.
  await delay(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
