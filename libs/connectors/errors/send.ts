import type { OperationKind } from '../../contracts/call-meter.port.js';
import type { HttpClient } from '../../contracts/http.port.js';
import { SluiceError } from '../../errors/index.js';
import type { Scope } from '../manifest/interpolation.js';
import type { FinishedRequest, RequestDraft } from '../http/request-draft.js';
import type { Decoder } from '../records/decoders.component.js';
import { pause } from '../../pause/index.js';
import { Answer } from './answer.js';
import type { ErrorHandler } from './error-handlers.component.js';
import { nextWait } from './next-wait.js';
import { PageSignal } from './page-signal.js';
import { Renewal } from './renewal.js';
import type { Resolution } from './resolution.js';
import { FIRST_TRY } from './retry.policy.js';
import { describeTrouble } from './trouble.js';

/** Longer waits become a timer of the workflow, which holds no worker slot. */
const LONGEST_INNER_WAIT_MS = 15_000;
/** A body that is broken once may be cut off; one that stays broken is what the source sends. */
const BROKEN_BODY_RETRIES = 2;
/** Statuses by which providers refuse a page token that they no longer know. */
const POSITION_GONE = [400, 404, 410];

export interface Sending {
  http: HttpClient;
  handler: ErrorHandler;
  /** Stream, method and path as the manifest names them. */
  label: { stream: string; request: string };
  /** What the calls are counted as; default: reading the stream. */
  kind?: OperationKind;
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
  /** How long an answer may take to begin, and to go on; default: the client's own limit. */
  timeoutMs?: number | undefined;
  /** See HttpRequest. An answer in pieces has no body for handlers; who gets it has to read it or to discard it. */
  piecesAbove?: number | undefined;
  /** Cookies that earlier answers set; default: none are kept. */
  cookies?: { attach: (request: FinishedRequest) => FinishedRequest; keep: (answer: Answer) => void } | undefined;
}

/**
 * Sends until the error handler is content: the answer, or null where it says IGNORE. Waits up to 15 s happen here; RATE_LIMITED with
 * `retryAt` for longer ones. Throws PageSignal where the page has to be asked for in another way. Failures name stream, method and path template,
 * and who has to act (`failure_type`).
 */
export async function sendWithRetries(sending: Sending): Promise<Answer | null> {
  const { handler, signal } = sending;
  const renewal = new Renewal(sending.label);
  const maxTries = sending.maxTries ?? Infinity;
  let tries = FIRST_TRY;
  let broken = 0;
  for (;;) {
    const startedMs = performance.now();
    const outcome = await trySend(sending, { attempt: tries.attempt, renewal });
    if (outcome.kind === 'settled') return outcome.answer;
    const { answer, resolution, error } = outcome;
    if (outcome.kind === 'broken' && ++broken > BROKEN_BODY_RETRIES) throw error;
    const scope = sending.scope();
    const next = nextWait({
      ...{ handler, answer, scope, random: Math.random },
      rateLimited: resolution.action === 'RATE_LIMITED',
      tries: { ...tries, elapsedMs: tries.elapsedMs + (performance.now() - startedMs) },
    });
    if (next === null || tries.attempt >= maxTries) throw error;
    const { waitMs } = next;
    tries = next.tries;
    if (waitMs >= LONGEST_INNER_WAIT_MS) throw mustWait(sending, { retryAt: scope.nowMs + waitMs, cause: error });
    await pause(waitMs, signal);
  }
}

type Outcome =
  | { kind: 'settled'; answer: Answer | null }
  | { kind: 'failed' | 'broken'; error: SluiceError; answer: Answer | null; resolution: Resolution };

async function trySend(sending: Sending, { attempt, renewal }: { attempt: number; renewal: Renewal }): Promise<Outcome> {
  const { http, handler, signal, cookies, label } = sending;
  let answer: Answer | null = null;
  let handedOn = false;
  try {
    const draft = await sending.draft();
    const finished = draft.finish();
    const { method, url, headers, body } = cookies?.attach(finished) ?? finished;
    const { timeoutMs, piecesAbove } = sending;
    const response = await http.send({
      ...{ method, url, headers, signal, attempt },
      operation: { kind: sending.kind ?? 'stream', name: label.stream },
      ...(body === undefined ? {} : { body }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(piecesAbove === undefined ? {} : { piecesAbove }),
    });
    answer = new Answer(response, attempt, sending.decoder);
    cookies?.keep(answer);
    if (sending.resumed && POSITION_GONE.includes(answer.status)) throw positionRefused(sending, answer.status);
    const resolution = handler.resolve(answer, sending.scope());
    const { action } = resolution;
    switch (action) {
      case 'IGNORE':
        return { kind: 'settled', answer: null };
      case 'SUCCESS':
        sending.verify(answer);
        handedOn = true;
        return { kind: 'settled', answer };
      case 'RESET_PAGINATION':
      case 'REDUCE_PAGE_SIZE':
      case 'SPLIT_REQUEST_WINDOW':
        throw new PageSignal(action, label, resolution.message);
      case 'REFRESH_TOKEN_THEN_RETRY':
        await renewal.renew(draft.renewal, answer.status);
        break;
      case 'FAIL':
        // Valid by the clock is not valid for the provider: a token that was revoked or replaced elsewhere is renewed once.
        if (await renewal.replace(draft.renewal, answer.status)) return await trySend(sending, { attempt, renewal });
        throw describeTrouble({ label, answer, resolution });
      case 'RETRY':
      case 'RATE_LIMITED':
        break;
      default: {
        const never: never = action;
        throw new Error(`unknown action ${String(never)}`);
      }
    }
    return {
      kind: 'failed',
      error: describeTrouble({ label, answer, resolution, nowMs: sending.scope().nowMs }),
      answer,
      resolution,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SluiceError) || error instanceof PageSignal) throw error;
    const named = withLabel(sending, error, answer);
    const resolution = handler.noAnswer;
    if (error.code === 'SOURCE_UNREACHABLE' || error.code === 'SOURCE_TIMEOUT') {
      if (resolution.action === 'IGNORE') return { kind: 'settled', answer: null };
      return { kind: 'failed', error: named, answer, resolution };
    }
    if (error.code === 'SOURCE_BAD_RESPONSE') return { kind: 'broken', error: named, answer, resolution };
    throw named;
  } finally {
    if (!handedOn) answer?.response.pieces?.discard();
  }
}

const positionRefused = ({ label: { stream, request } }: Sending, status: number): SluiceError =>
  new SluiceError('POSITION_REFUSED', {
    detail: `${request} of stream ${stream} answered ${status} to a stored page token`,
    details: { stream, request, status, failure_type: 'transient_error' },
  });

const mustWait = ({ label }: Sending, { retryAt, cause }: { retryAt: number; cause: SluiceError }): SluiceError =>
  new SluiceError('RATE_LIMITED', {
    detail: `stream ${label.stream}: the source asks to wait`,
    details: { stream: label.stream, failure_type: 'transient_error' },
    retryAt: Math.ceil(retryAt),
    cause,
  });

/** Adds where it happened. The start of an answer of another shape may hold a record: it is evidence, which stays here, and no detail. */
function withLabel({ label: { stream, request } }: Sending, error: SluiceError, answer: Answer | null): SluiceError {
  if (error.details['stream'] !== undefined) return error;
  const detail = `stream ${stream}, ${request}${error.detail === undefined ? '' : `: ${error.detail}`}`;
  const { errors, retryAt, details, cause } = error;
  return new SluiceError(error.code, {
    detail,
    errors,
    details: { failure_type: error.code === 'RATE_LIMITED' ? 'transient_error' : 'system_error', ...details, stream, request },
    ...(retryAt === undefined ? {} : { retryAt }),
    evidence: error.evidence ?? (error.code === 'SOURCE_BAD_RESPONSE' ? answer?.evidence : undefined),
    cause,
  });
}
