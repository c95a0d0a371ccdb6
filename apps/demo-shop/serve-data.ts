import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyLength, refusal, type Answer } from './answer.js';
import { answerData, parseRoute, type Route } from './data-routes.js';
import { limitHeaders, retryAfterHeader, retryAt } from './limits.js';
import { isService } from './services/services.js';
import { after, send, sendSpoiled } from './send.js';
import { tokenOf } from './token.js';
import type { ShopContext } from './context.js';
import type { FaultRule } from './faults.js';
import type { RequestStats } from './stats.js';

/**
 * One request for data or to a service: counted, then key → rate → concurrency → fault → answer → pace. A fault other than a status spoils
 * the answer of a call that has taken effect.
 */
export function serveData(
  context: ShopContext,
  request: IncomingMessage,
  response: ServerResponse,
  { url, body }: { readonly url: URL; readonly body: string },
): void {
  const route = parseRoute(url.pathname);
  const counted = context.stats.begin(route?.entity, url.pathname + url.search);
  const finish = watch(response, counted);
  const key = tokenOf(request, 'x-api-key');
  if (key !== context.options.apiKey) {
    return finish(refusal(401, 'unauthorized', 'this needs an API key, as X-Api-Key or as bearer token'));
  }
  const now = Date.now();
  const verdict = context.takeToken(key, now);
  const headers = limitHeaders(context.settings, verdict, now);
  if (verdict.late) counted.count('calls_after_429');
  if (verdict.retryAtMs !== undefined) return finish(tooMany(context, headers, verdict.retryAtMs, now));
  const { concurrency } = context.settings;
  if (concurrency > 0 && context.stats.inflight() > concurrency) {
    return finish(tooMany(context, headers, retryAt(context.settings, now, 0), now));
  }
  const hasCursor = url.searchParams.has('cursor');
  const fault = context.faults.next({ entity: route?.entity, path: url.pathname, hasCursor });
  if (fault !== undefined) counted.count('faults');
  const refused = fault && statusFault(context, fault, key, now);
  const answer = refused ?? answerWell(context, request, { url, body, route });
  const delay = context.delayMs(answer.rows, now) + (fault !== undefined && fault.kind !== 'hang' ? fault.delayMs : 0);
  const deliver = (): void => finish({ ...answer, headers: { ...answer.headers, ...headers } }, refused ? undefined : fault);
  if (delay > 0) after(response, delay, deliver);
  else deliver();
}

function answerWell(
  context: ShopContext,
  request: IncomingMessage,
  { url, body, route }: { readonly url: URL; readonly body: string; readonly route: Route | undefined },
): Answer {
  const { method = 'GET' } = request;
  if (isService(url.pathname)) {
    const key = request.headers['idempotency-key'];
    const idempotencyKey = typeof key === 'string' ? key : undefined;
    return context.services.answer({ method, path: url.pathname, query: url.searchParams, body, idempotencyKey });
  }
  if (route === undefined) return refusal(404, 'not_found', `${url.pathname} does not exist`);
  if (method !== 'GET') return refusal(405, 'method_not_allowed', 'only GET is offered here', { allow: 'GET' });
  const { shop, options } = context;
  return answerData(shop, { route, query: url.searchParams, origin: url.origin, path: url.pathname, maxLimit: options.maxLimit });
}

const tooMany = (context: ShopContext, headers: Record<string, string>, untilMs: number, nowMs: number): Answer =>
  refusal(429, 'rate_limited', 'too many calls with this key', {
    ...headers,
    'retry-after': retryAfterHeader(context.settings, untilMs, nowMs),
  });

/** The answer of a fault that is a status; a 429 with `retryAfter` holds the key to it. */
function statusFault(context: ShopContext, fault: FaultRule, key: string, nowMs: number): Answer | undefined {
  if (fault.kind === 'refuse_cursor') return refusal(410, 'cursor_expired', 'this cursor has expired; start again without one');
  if (fault.kind !== 'status') return undefined;
  if (fault.retryAfter === undefined) return refusal(fault.status, 'injected', 'a fault on demand');
  const { settings } = context;
  const untilMs = retryAt({ ...settings, retryAfterSeconds: fault.retryAfter }, nowMs, 0);
  if (fault.status === 429) context.blockKey(key, nowMs, untilMs);
  return refusal(fault.status, 'injected', 'a fault on demand', { 'retry-after': retryAfterHeader(settings, untilMs, nowMs) });
}

/** Counts the outcome once it is known, and the end once the connection is done with it. */
function watch(response: ServerResponse, counted: RequestStats): (answer: Answer, fault?: FaultRule) => void {
  let answered = false;
  response.once('close', () => {
    if (!answered) counted.count('aborted');
    counted.end();
  });
  return (answer, fault) => {
    answered = true;
    countStatus(counted, answer.status);
    const spoiled = fault === undefined ? (send(response, answer), false) : sendSpoiled(response, answer, fault);
    if (!spoiled && (answer.status === 200 || answer.status === 201)) counted.answer(answer.rows, bodyLength(answer));
  };
}

function countStatus(counted: RequestStats, status: number): void {
  if (status === 401) counted.count('r401');
  else if (status === 429) counted.count('r429');
  else if (status >= 500) counted.count('r5xx');
  else if (status >= 400) counted.count('r4xx');
}
