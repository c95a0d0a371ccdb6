import type { Dispatcher } from 'undici';
import type { HttpResponse } from '../contracts/http.port.js';
import { SluiceError } from '../errors/index.js';

/** A raw answer: as it came over the wire. */
export interface Answer {
  status: number;
  headers: HttpResponse['headers'];
  body: Buffer;
}

export interface ExchangeRequest {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | undefined;
  signal: AbortSignal;
  maxBytes: number;
  timeoutMs: number;
}

/**
 * One request, one answer, through undici's dispatch: pieces of the body go straight into a list and are joined once, without streams in
 * between (fetch() costs five times as much). Rejects with the signal's reason, RESPONSE_TOO_LARGE, or undici's own error.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Answer> {
  const { url, method, headers, body, signal, maxBytes, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let answerHeaders: Answer['headers'] = {};
    const pieces: Buffer[] = [];
    let size = 0;
    const stop = (reason: Error): void => {
      signal.removeEventListener('abort', onAbort);
      reject(reason);
      controller?.abort(reason);
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
          if (Number(answerHeaders['content-length'] ?? 0) > maxBytes && method !== 'HEAD') stop(tooLarge(maxBytes));
        },
        onResponseData(_started, piece) {
          size += piece.length;
          if (size > maxBytes) return stop(tooLarge(maxBytes));
          pieces.push(piece);
        },
        onResponseEnd() {
          signal.removeEventListener('abort', onAbort);
          resolve({
            status,
            headers: answerHeaders,
            body: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, size),
          });
        },
        onResponseError(_started, error) {
          signal.removeEventListener('abort', onAbort);
          reject(signal.aborted ? (signal.reason as Error) : error);
        },
      },
    );
  });
}

export const tooLarge = (maxBytes: number): SluiceError =>
  new SluiceError('RESPONSE_TOO_LARGE', { detail: `more than ${maxBytes} bytes`, details: { maxBytes } });

function joinRepeated(received: Readonly<Record<string, string | string[] | undefined>>): Answer['headers'] {
  const joined: Record<string, string | string[] | undefined> = {};
  for (const [name, value] of Object.entries(received))
    joined[name] = Array.isArray(value) && name !== 'set-cookie' ? value.join(', ') : value;
  return joined;
}
