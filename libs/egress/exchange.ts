import type { Dispatcher } from 'undici';
import type { HttpResponse } from '../contracts/http.port.js';
import { SluiceError } from '../errors/index.js';
import { BodyFeed } from './body-feed.js';

/** A raw answer: as it came over the wire. */
export interface Answer {
  status: number;
  headers: HttpResponse['headers'];
  body: Buffer;
  /** There where the body is not in `body`, since it is larger than `piecesAbove`: all of it. */
  feed?: BodyFeed;
}

export interface ExchangeRequest {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | undefined;
  signal: AbortSignal;
  maxBytes: number;
  timeoutMs: number;
  /** See HttpRequest. */
  piecesAbove: number | undefined;
}

/**
 * One request, one answer, through undici's dispatch: pieces of the body go straight into a list and are joined once, without streams in
 * between (fetch() costs five times as much). Rejects with the signal's reason, RESPONSE_TOO_LARGE, or undici's own error.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Answer> {
  const { url, method, headers, body, signal, maxBytes, timeoutMs, piecesAbove = Infinity } = request;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let answerHeaders: Answer['headers'] = {};
    const pieces: Buffer[] = [];
    let size = 0;
    let feed: BodyFeed | undefined;
    const stop = (reason: Error): void => {
      signal.removeEventListener('abort', onAbort);
      reject(reason);
      feed?.fail(reason);
      controller?.abort(reason);
    };
    /** From here on the body is its reader's affair: no limit, but no more of it at a time than the reader takes. */
    const startFeed = (socket: Dispatcher.DispatchController): void => {
      feed = new BodyFeed(socket);
      for (const piece of pieces.splice(0)) feed.push(piece);
      void feed.closed.then(() => signal.removeEventListener('abort', onAbort));
      resolve({ status, headers: answerHeaders, body: Buffer.alloc(0), feed });
    };
    const onAbort = (): void => stop(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: method,
        headers,
        body: body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) started.abort(signal.reason as Error);
        },
        onResponseStart(_started, statusCode, received) {
          if (statusCode < 200) return;
          status = statusCode;
          answerHeaders = joinRepeated(received);
          const whole = piecesAbove === Infinity || !isSuccess(status);
          if (whole && Number(answerHeaders['content-length'] ?? 0) > maxBytes && method !== 'HEAD') stop(tooLarge(maxBytes));
        },
        onResponseData(started, piece) {
          if (feed !== undefined) return feed.push(piece);
          size += piece.length;
          pieces.push(piece);
          if (size > piecesAbove && isSuccess(status)) startFeed(started);
          else if (size > maxBytes) stop(tooLarge(maxBytes));
        },
        onResponseEnd() {
          if (feed !== undefined) return feed.end();
          signal.removeEventListener('abort', onAbort);
          resolve({
            status,
            headers: answerHeaders,
            body: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, size),
          });
        },
        onResponseError(_started, error) {
          signal.removeEventListener('abort', onAbort);
          const reason = signal.aborted ? (signal.reason as Error) : error;
          feed?.fail(reason);
          reject(reason);
        },
      },
    );
  });
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

export const tooLarge = (maxBytes: number): SluiceError =>
  new SluiceError('RESPONSE_TOO_LARGE', { detail: `more than ${maxBytes} bytes`, details: { maxBytes } });

function joinRepeated(received: Readonly<Record<string, string | string[] | undefined>>): Answer['headers'] {
  const joined: Record<string, string | string[] | undefined> = {};
  for (const [name, value] of Object.entries(received))
    joined[name] = Array.isArray(value) && name !== 'set-cookie' ? value.join(', ') : value;
  return joined;
}
