import type { Dispatcher } from 'undici';
import type { BudgetAccount, BudgetClass, BudgetGate } from '../contracts/budget.port.js';
import type { HttpClient, HttpRequest, HttpResponse } from '../contracts/http.port.js';
import { SluiceError } from '../errors/index.js';
import type { BodyFeed } from './body-feed.js';
import { decodeBody } from './decode-body.js';
import { decodePieces } from './decode-pieces.js';
import type { EgressGuard } from './egress-guard.js';
import { exchange, type Answer } from './exchange.js';
import { mapNetworkError } from './map-error.js';
import { followRedirect, type Hop } from './redirect.js';
import { traceCall } from './trace-call.js';

const MAX_REDIRECTS = 5;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 60_000;

export interface GuardedHttpClientOptions {
  guard: EgressGuard;
  dispatcher: Dispatcher;
  /** Keeps no connection. */
  single: Dispatcher;
  gate: BudgetGate;
  account: BudgetAccount;
  class: BudgetClass;
  maxWaitMs: number;
  userAgent: string;
}

/** The one adapter of HttpClient: guard → budget → call, for every hop of a redirect anew; then decompress. */
export class GuardedHttpClient implements HttpClient {
  constructor(private readonly options: GuardedHttpClientOptions) {}

  async send(request: HttpRequest): Promise<HttpResponse> {
    const { maxBytes = DEFAULT_MAX_BYTES } = request;
    if (!URL.canParse(request.url)) throw new SluiceError('SOURCE_REQUEST_REFUSED', { detail: 'the address is not a URL' });
    let hop: Hop = {
      url: new URL(request.url),
      method: request.method,
      headers: this.defaults(request.headers),
      body: request.body,
    };
    let wireBytes = 0;
    for (let redirects = 0; ; redirects++) {
      const answer = await this.call(hop, request, { maxBytes, first: redirects === 0 });
      wireBytes += answer.body.length;
      const location = answer.headers['location'];
      const next = followRedirect(hop, { status: answer.status, location: typeof location === 'string' ? location : undefined });
      if (next === null) return this.finish(hop, answer, { wireBytes, maxBytes });
      if (redirects === MAX_REDIRECTS)
        throw new SluiceError('SOURCE_BAD_RESPONSE', {
          detail: `${hop.method} ${hop.url.host}: more than ${MAX_REDIRECTS} redirects`,
        });
      hop = next;
    }
  }

  private async call(hop: Hop, request: HttpRequest, { maxBytes, first }: { maxBytes: number; first: boolean }): Promise<Answer> {
    const { guard, gate, account, maxWaitMs } = this.options;
    const dispatcher = request.ownConnection === true ? this.options.single : this.options.dispatcher;
    guard.assertUrl(hop.url);
    const permit = await gate.acquire({
      account,
      class: this.options.class,
      maxWaitMs,
      signal: request.signal,
      ...request.budget,
    });
    let answer: Answer;
    try {
      if (first) await request.admitted?.();
      const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = request;
      const { piecesAbove } = request;
      answer = await traceCall(hop, () => exchange(dispatcher, { ...hop, signal, maxBytes, timeoutMs, piecesAbove }));
    } catch (error) {
      const mapped = mapNetworkError(error, { method: hop.method, host: hop.url.host });
      const timedOut = mapped instanceof SluiceError && mapped.code === 'SOURCE_TIMEOUT';
      // What went wrong with the call matters more than what might go wrong with telling the budget.
      await permit.settle({ status: null, headers: {}, timedOut }).catch(() => undefined);
      throw mapped;
    }
    const { status, headers, feed } = answer;
    if (feed === undefined) await permit.settle({ status, headers });
    // The call lasts as long as its body. A permit that cannot be settled then runs out by itself.
    else void feed.closed.then(() => permit.settle({ status, headers })).catch(() => undefined);
    return answer;
  }

  private async finish(
    hop: Hop,
    answer: Answer,
    { wireBytes, maxBytes }: { wireBytes: number; maxBytes: number },
  ): Promise<HttpResponse> {
    const { status, headers, feed } = answer;
    const encoding = headers['content-encoding'];
    const coding = typeof encoding === 'string' && hop.method !== 'HEAD' ? encoding : undefined;
    const found = { status, headers, url: hop.url.href, bytes: wireBytes };
    if (feed === undefined) {
      const body = coding === undefined ? answer.body : await decodeBody(answer.body, coding, maxBytes);
      return { ...found, body };
    }
    const pieces = await decodePieces(mapped(feed, hop), coding).catch((error: unknown) => {
      feed.discard();
      throw error;
    });
    return { ...found, body: answer.body, pieces: { [Symbol.asyncIterator]: () => pieces, discard: () => feed.discard() } };
  }

  private defaults(headers: Readonly<Record<string, string>>): Record<string, string> {
    const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    const defaults = { 'user-agent': this.options.userAgent, accept: '*/*', 'accept-encoding': 'gzip, deflate, br' };
    return { ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !given.has(name))), ...headers };
  }
}

async function* mapped(feed: BodyFeed, hop: Hop): AsyncGenerator<Buffer> {
  try {
    yield* feed;
  } catch (error) {
    throw mapNetworkError(error, { method: hop.method, host: hop.url.host });
  }
}
