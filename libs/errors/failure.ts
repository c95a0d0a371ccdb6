import { ApplicationFailure } from '@temporalio/common';
import { isErrorCode, type ErrorCode } from './error-table.js';
import { SluiceError, type FieldError } from './sluice-error.js';

/** What travels in an ApplicationFailure's details: safe by SluiceError's own rules. */
export interface FailureDetails {
  detail?: string;
  errors?: readonly FieldError[];
  details: Readonly<Record<string, string | number | boolean | null>>;
  retryAt?: number;
}

/**
 * The Temporal form of an error: type = code, non-retryable by the table. The cause stays behind: its message may hold a record or a secret.
 * `extra` is appended as a second detail (an activity's progress, say).
 */
export function toApplicationFailure(error: SluiceError, extra?: Readonly<Record<string, unknown>>): ApplicationFailure {
  const details: FailureDetails = {
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.errors.length === 0 ? {} : { errors: error.errors }),
    details: error.details,
    ...(error.retryAt === undefined ? {} : { retryAt: error.retryAt }),
  };
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !error.retryable,
    details: extra === undefined ? [details] : [details, extra],
  });
}

/** The way back, for workflows and for the API; a failure of a foreign type becomes INTERNAL. */
export function fromApplicationFailure(failure: ApplicationFailure): SluiceError {
  const code: ErrorCode = isErrorCode(failure.type) ? failure.type : 'INTERNAL';
  const first = failure.details?.[0] as FailureDetails | undefined;
  return new SluiceError(code, {
    ...(first?.detail === undefined ? {} : { detail: first.detail }),
    ...(first?.errors === undefined ? {} : { errors: first.errors }),
    ...(first?.retryAt === undefined ? {} : { retryAt: first.retryAt }),
    details: first?.details ?? {},
  });
}
