import type { ErrorKind } from './error-kind.js';

/** One row of the taxonomy: how a code is classified, answered over HTTP, and explained. */
export interface ErrorEntry {
  kind: ErrorKind;
  /** HTTP status of the problem document when the error reaches the API's caller. */
  http: number;
  /** What happened, in words that hold for every occurrence (RFC 9457 `title`). */
  title: string;
  /** What the reader should do next. */
  next: string;
  /** Overrides what the kind says about retrying. */
  retryable?: boolean;
}

/** A row; `retryable` overrides what the kind says. */
export const entry = (kind: ErrorKind, http: number, title: string, next: string, retryable?: boolean): ErrorEntry =>
  retryable === undefined ? { kind, http, title, next } : { kind, http, title, next, retryable };
