import { errorEntry, type ErrorCode } from './error-table.js';
import type { FieldError, SluiceError } from './sluice-error.js';

/** RFC 9457 problem document; media type `application/problem+json`. */
export interface Problem {
  /** Relative address of the code's documentation. */
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  kind: string;
  detail?: string;
  next: string;
  errors?: readonly FieldError[];
  retry_at?: string;
  [extension: string]: unknown;
}

/** What a caller of the API is told. Causes stay in the log. */
export function toProblem(error: SluiceError): Problem {
  const entry = errorEntry(error.code);
  return {
    type: `/v1/docs/errors#${error.code.toLowerCase()}`,
    title: entry.title,
    status: entry.http,
    code: error.code,
    kind: entry.kind,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    next: entry.next,
    ...(error.errors.length === 0 ? {} : { errors: error.errors }),
    ...(error.retryAt === undefined ? {} : { retry_at: new Date(error.retryAt).toISOString() }),
    ...error.details,
  };
}
