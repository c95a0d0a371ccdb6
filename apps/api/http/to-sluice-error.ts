import { HttpException } from '@nestjs/common';
import { SluiceError, toSluiceError, type ErrorCode } from '../../../libs/errors/index.js';
import { isStoreUnavailable } from '../../../libs/store/index.js';

/** HTTP statuses that Nest, express and the body parser throw with, and our words for them. */
const BY_STATUS: Readonly<Record<number, { code: ErrorCode; detail?: string }>> = {
  400: { code: 'INVALID_REQUEST' },
  401: { code: 'UNAUTHORIZED' },
  404: { code: 'NOT_FOUND', detail: 'there is nothing at this address' },
  405: { code: 'METHOD_NOT_ALLOWED' },
  413: { code: 'PAYLOAD_TOO_LARGE', detail: 'the limit is 1 MiB, and 4 MiB for a connector’s manifest' },
  415: { code: 'UNSUPPORTED_MEDIA_TYPE' },
};

/** Anything thrown while a request is answered. Foreign words are dropped: a parser's message quotes what it read. */
export function errorOfRequest(thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  if (isStoreUnavailable(thrown)) return new SluiceError('STORE_UNAVAILABLE', { cause: thrown });
  const status = statusOf(thrown);
  const known = status === null ? undefined : BY_STATUS[status];
  if (known === undefined)
    return status !== null && status < 500 ? new SluiceError('INVALID_REQUEST', { cause: thrown }) : toSluiceError(thrown);
  const detail = status === 400 && isParseFailure(thrown) ? 'the body is not valid JSON' : known.detail;
  return new SluiceError(known.code, { ...(detail === undefined ? {} : { detail }), cause: thrown });
}

function statusOf(thrown: unknown): number | null {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const status = (thrown as { status?: unknown } | null | undefined)?.status;
  // Errors of the body parser say by `expose` that they are the sender's fault.
  return typeof status === 'number' && (thrown as { expose?: unknown }).expose === true ? status : null;
}

const isParseFailure = (thrown: unknown): boolean =>
  (thrown as { type?: unknown }).type === 'entity.parse.failed' ||
  (thrown instanceof HttpException && /JSON/.test(thrown.message));
