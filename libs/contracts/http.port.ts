import type { Operation } from './call-meter.port.js';

/** One outgoing call. */
export interface HttpRequest {
  method: string;
  /** Absolute http(s) URL. */
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  signal: AbortSignal;
  /** Largest accepted body after decompression, in bytes; default 64 MiB. */
  maxBytes?: number;
  /**
   * Bytes on the wire. A larger body of a success comes in `pieces`, of any size, as it arrives; default: bodies come whole. A client that cannot
   * do that gives it whole.
   */
  piecesAbove?: number;
  /** Until the headers arrive and between two pieces of the body; default 60 s. */
  timeoutMs?: number;
  /** Awaited once the budget lets the call go, right before it is sent; where it throws, nothing is sent. Not asked again for redirects. */
  admitted?: () => Promise<void>;
  /**
   * On a connection of its own: one that was kept may be closed by the other side as the call arrives, and then nobody knows whether it did. Default: a
   * kept one where there is one.
   */
  ownConnection?: boolean;
  /** `answer`: a redirect is an answer like others, and not followed; default: `follow`. */
  redirects?: 'follow' | 'answer';
  /** Which policy of the account's budget the call belongs to, and how much it counts there; default: none, 1. */
  budget?: { policy: string; points: number };
  /** What it is for, where calls are counted; default: nobody counts it. */
  operation?: Operation;
  /** Which try of the request it is; default: 1. */
  attempt?: number;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names; repeated headers joined as fetch does, set-cookie as an array. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The whole body, decompressed; empty where there are `pieces`. */
  body: Buffer;
  pieces?: BodyPieces;
  /** After redirects. */
  url: string;
  /** Bytes on the wire. */
  bytes: number;
}

/** A body as it arrives, decompressed, to be read once. Errors while it is read: those of a call, and SOURCE_BAD_RESPONSE. */
export interface BodyPieces extends AsyncIterable<Buffer> {
  /** To be called by who does not read it to its end or leave its iteration. */
  discard(): void;
}

/**
 * All outgoing HTTP goes through this: addresses are checked, the account's budget is asked, answers are capped.
 * Errors: EGRESS_REFUSED, SOURCE_UNREACHABLE, SOURCE_TIMEOUT, RESPONSE_TOO_LARGE, RATE_LIMITED (the budget; with retryAt), PROVIDER_UNAVAILABLE (with retryAt). An answer of any status is an answer.
 */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
}
