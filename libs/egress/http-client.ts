import type { Dispatcher } from 'undici';
import type { BudgetAccount, BudgetClass, BudgetGate, BudgetPermit, BudgetShare } from '../contracts/budget.port.js';
import type { Announcements } from '../contracts/announcement.port.js';
import type { Caller } from '../contracts/call-meter.port.js';
import type { CircuitBreakers, CircuitPass } from '../contracts/circuit.port.js';
import type { HttpClient, HttpRequest, HttpResponse } from '../contracts/http.port.js';
import { SluiceError } from '../errors/index.js';
import type { BodyFeed } from './body-feed.js';
import type { CountCall } from './count-call.js';
import { decodeBody } from './decode-body.js';
import { decodePieces } from './decode-pieces.js';
import { failureOf, isBroken } from './circuit-outcome.js';
import type { EgressGuard } from './egress-guard.js';
import { exchange, type Answer } from './exchange.js';
import { mapNetworkError } from './map-error.js';
import { parseAnnouncement } from './parse-announcement.js';
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
  circuits: CircuitBreakers | undefined;
  account: BudgetAccount;
  class: BudgetClass;
  /** See BudgetGate. */
  share?: BudgetShare;
  caller?: Caller;
  maxWaitMs: number;
  userAgent: string;
  /** Told of every call that was made, or that the budget held. */
  count: CountCall | undefined;
  /** Told what answers say of retirements, of calls that belong to a caller's operation. */
  announcements?: Announcements;
}

/** The one adapter of HttpClient: guard → circuit → budget → call, for every hop of a redirect anew; then decompress. */
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
      if (request.redirects === 'answer') return this.finish(hop, answer, { wireBytes, maxBytes });
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
    const { dispatcher, single, guard } = this.options;
    guard.assertUrl(hop.url);
    const counting = this.options.count?.({ request, hop });
    const { permit, pass } = await this.admit(hop, request).catch((error: unknown) => {
      counting?.held(error);
      throw error;
    });
    counting?.granted();
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, piecesAbove } = request;
    let sent = false;
    let answer: Answer;
    try {
      if (first) await request.admitted?.();
      sent = true;
      counting?.sent();
      const by = request.ownConnection === true ? single : dispatcher;
      answer = await traceCall(hop, () => exchange(by, { ...hop, signal, maxBytes, timeoutMs, piecesAbove }));
    } catch (error) {
      const mapped = mapNetworkError(error, { method: hop.method, host: hop.url.host });
      counting?.failed(mapped, signal.aborted);
      pass?.settle(sent && !signal.aborted ? failureOf(mapped) : 'unknown');
      const timedOut = mapped instanceof SluiceError && mapped.code === 'SOURCE_TIMEOUT';
      // What went wrong with the call matters more than what might go wrong with telling the budget.
      await permit.settle({ status: null, headers: {}, timedOut }).catch(() => undefined);
      throw mapped;
    }
    const { status, headers, feed } = answer;
    pass?.settle(isBroken(status) ? 'broken' : 'fine');
    this.hear(hop, request, headers);
    if (feed === undefined) {
      counting?.answered(status, answer.body.length);
      await permit.settle({ status, headers });
      return answer;
    }
    // The call lasts as long as its body. A permit that cannot be settled then runs out by itself.
    const over = feed.closed.then(() => {
      counting?.answered(status, feed.received);
      return permit.settle({ status, headers });
    });
    over.catch(() => undefined);
    return answer;
  }

  /** Waits until the host's circuit and the account's budget let a call go. */
  private async admit(hop: Hop, request: HttpRequest): Promise<{ permit: BudgetPermit; pass: CircuitPass | undefined }> {
    const { gate, account, maxWaitMs, circuits, share, caller } = this.options;
    const { signal, operation } = request;
    const by = caller && { connectionId: caller.connectionId, ...(operation && { operation }) };
    const { workspaceId, account: name } = account;
    for (;;) {
      const pass = await circuits?.enter({ workspaceId, account: name, host: hop.url.host, maxWaitMs, signal });
      const asked = {
        account,
        class: this.options.class,
        maxWaitMs,
        signal,
        ...(share && { share }),
        ...(by && { by }),
        ...request.budget,
      };
      const permit = await gate.acquire(asked).catch((error: unknown) => {
        pass?.settle('unknown');
        throw error;
      });
      if (pass?.stale !== true) return { permit, pass };
      // It opened while this one waited for its budget.
      await permit.settle({ status: null, headers: {} });
    }
  }

  private hear({ url: { host } }: Hop, { operation }: HttpRequest, headers: Answer['headers']): void {
    const { announcements, caller } = this.options;
    if (announcements === undefined || caller === undefined || operation === undefined) return;
    // A webhook endpoint is no connection, and has no API of which it could say so.
    if (operation.kind === 'webhook') return;
    const said = parseAnnouncement(headers);
    if (said !== null) announcements.heard({ caller, operation, host, ...said });
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
