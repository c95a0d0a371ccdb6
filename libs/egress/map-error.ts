import { types } from 'node:util';
import { SluiceError } from '../errors/index.js';

const TIMEOUTS = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
]);
const BROKEN_ANSWERS = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
const BAD_REQUESTS = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'ERR_INVALID_CHAR', 'ERR_INVALID_ARG_TYPE']);

/** Translates what undici and the system throw, once, at the edge. Only method, host and the error's code are told: paths, queries and headers may hold secrets. */
export function mapNetworkError(error: unknown, request: { method: string; host: string }): unknown {
  if (error instanceof SluiceError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const options = {
    detail: `${request.method} ${request.host}: ${code}`,
    details: { host: request.host, reason: code },
    cause: error,
  };
  if (TIMEOUTS.has(code)) return new SluiceError('SOURCE_TIMEOUT', options);
  if (BROKEN_ANSWERS.has(code) || code.startsWith('HPE_')) return new SluiceError('SOURCE_BAD_RESPONSE', options);
  if (BAD_REQUESTS.has(code))
    return new SluiceError('SOURCE_REQUEST_REFUSED', {
      ...options,
      detail: `${options.detail} (the request cannot be sent as built)`,
    });
  return new SluiceError('SOURCE_UNREACHABLE', options);
}

function codeOf(error: unknown): string | undefined {
  if (!types.isNativeError(error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  // Happy eyeballs: one error for all addresses tried.
  const { errors } = error as Partial<AggregateError>;
  return errors?.map(codeOf).find((found) => found !== undefined);
}
