import { SluiceError } from '../../errors/index.js';
import { isNumber, str, toNumber } from '../template/values.js';
import { parseIso } from '../time/moment.js';

/** A token is replaced this long before it ends, so that it does not end on its way. */
const SKEW_MS = 30_000;
/** Of a short life at most this part is given away. */
const SKEW_PART = 0.1;
/** Airbyte's assumption for providers that do not say. */
const UNKNOWN_LIFETIME_MS = 3_600_000;

/** When a token that is valid from now until `endsAt` is to be replaced, in ms since the epoch. */
export const renewalTime = (endsAt: number, nowMs: number): number =>
  endsAt - Math.min(SKEW_MS, Math.max(0, endsAt - nowMs) * SKEW_PART);

/** A point in time as configurations and providers write it: ISO 8601, or seconds since the epoch. Null for anything else. */
export function pointInTime(value: unknown): number | null {
  const text = isNumber(value) || typeof value === 'string' ? str(value).trim() : '';
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  const moment = parseIso(text);
  return moment === null ? null : moment.micros / 1_000;
}

/**
 * When a token of an answer ends. `told`: what the provider says, seconds, or a point in time where `isDate`; nothing: an hour.
 * Throws SOURCE_REQUEST_REFUSED.
 */
export function endOfLife(told: unknown, { isDate, nowMs }: { isDate: boolean; nowMs: number }): number {
  if (told === null || told === undefined) return nowMs + UNKNOWN_LIFETIME_MS;
  if (isDate) {
    const at = pointInTime(told);
    if (at !== null) return at;
    throw unreadable('no point in time');
  }
  const seconds = isNumber(told) ? toNumber(told) : typeof told === 'string' && told.trim() !== '' ? Number(told) : NaN;
  if (Number.isFinite(seconds)) return nowMs + Math.trunc(seconds) * 1_000;
  throw unreadable('no number of seconds');
}

const unreadable = (what: string): SluiceError =>
  new SluiceError('SOURCE_REQUEST_REFUSED', {
    detail: `the token’s time of expiry is ${what}; see expires_in_name and token_expiry_date_format`,
  });
