import type { FailureType } from './failure.js';

/** What an error handler can decide, in Airbyte's words. */
export const RESPONSE_ACTIONS = [
  'SUCCESS',
  'FAIL',
  'RETRY',
  'IGNORE',
  'RATE_LIMITED',
  'RESET_PAGINATION',
  'REDUCE_PAGE_SIZE',
  'SPLIT_REQUEST_WINDOW',
  'REFRESH_TOKEN_THEN_RETRY',
] as const;
export type ResponseAction = (typeof RESPONSE_ACTIONS)[number];

export interface Resolution {
  action: ResponseAction;
  failure: FailureType;
  /** The connector author's own words, where they hold no template: those might quote a record. */
  message: string | null;
}

const resolution = (action: ResponseAction, failure: FailureType): Resolution => ({ action, failure, message: null });

/** Statuses with a meaning of their own. */
const KNOWN: ReadonlyMap<number, Resolution> = new Map([
  ...[400, 404, 405].map((status) => [status, resolution('FAIL', 'system_error')] as const),
  ...[401, 403].map((status) => [status, resolution('FAIL', 'config_error')] as const),
  ...[408, 500, 502, 503, 504].map((status) => [status, resolution('RETRY', 'transient_error')] as const),
  [429, resolution('RATE_LIMITED', 'transient_error')],
]);
const SUCCESS = resolution('SUCCESS', 'system_error');
/** Any other status, and a network that failed. */
export const UNKNOWN_TROUBLE: Resolution = resolution('RETRY', 'system_error');

/** What a status means where no filter speaks of it (Airbyte's default mapping). */
export function defaultResolution(status: number): Resolution {
  if (status < 400) return SUCCESS;
  return KNOWN.get(status) ?? UNKNOWN_TROUBLE;
}

/** Who has to act after a filter matched that does not say so. */
export const defaultFailure = (status: number): FailureType => KNOWN.get(status)?.failure ?? 'system_error';
