import { SluiceError, type ErrorCode } from '../../errors/index.js';
import type { Answer } from './answer.js';
import type { FailureType } from './failure.js';
import type { Resolution } from './resolution.js';

/** How long to stay away from a source that says 429 and never for how long. */
const UNKNOWN_RATE_WAIT_MS = 30_000;

/** An answer that the error handler does not accept, as an error. `nowMs` null: another try would not help. */
export function describeTrouble({
  label: { stream, request },
  answer: { status },
  resolution: { action, failure, message },
  nowMs = null,
}: {
  label: { stream: string; request: string };
  answer: Answer;
  resolution: Resolution;
  nowMs?: number | null;
}): SluiceError {
  const detail = `${request} of stream ${stream} answered ${status}${message === null ? '' : ` (${message})`}`;
  const limited = nowMs !== null && (action === 'RATE_LIMITED' || status === 429);
  // Airbyte: a rate limit that outlasts all tries is transient, whatever the filter says.
  const type: FailureType = nowMs !== null && status === 429 ? 'transient_error' : failure;
  const options = { detail, details: { stream, request, status, failure_type: type } };
  // Whoever can wait without holding anything may try again later; in Airbyte the stream has failed.
  if (limited)
    return new SluiceError('RATE_LIMITED', {
      ...options,
      details: { ...options.details, gave_up: true },
      retryAt: nowMs + UNKNOWN_RATE_WAIT_MS,
    });
  return new SluiceError(codeOf(status, failure), options);
}

function codeOf(status: number, failure: FailureType): ErrorCode {
  if (status === 401 || status === 403) return 'SOURCE_AUTH_FAILED';
  if (failure === 'transient_error' || status >= 500) return 'SOURCE_SERVER_ERROR';
  return 'SOURCE_REQUEST_REFUSED';
}
