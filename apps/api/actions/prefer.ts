import { SluiceError } from '../../../libs/errors/index.js';

/** In seconds. */
const DEFAULT_WAIT = 10;
const LONGEST_WAIT = 60;

/** What `Prefer` says (RFC 7240): how long the caller waits for the result, and whether it said so. Errors: INVALID_REQUEST. */
export function preferredWait(header: string | undefined): { ms: number; asked: boolean } {
  const preferences = (header ?? '').split(',').map((one) => one.split(';')[0]?.trim().toLowerCase() ?? '');
  if (preferences.includes('respond-async')) return { ms: 0, asked: false };
  const wait = preferences.find((one) => one === 'wait' || one.startsWith('wait='));
  if (wait === undefined) return { ms: DEFAULT_WAIT * 1_000, asked: false };
  const seconds = wait === 'wait' ? DEFAULT_WAIT : Number(wait.slice('wait='.length));
  if (!Number.isInteger(seconds) || seconds < 0)
    throw new SluiceError('INVALID_REQUEST', { detail: 'Prefer: wait is a whole number of seconds' });
  return { ms: Math.min(seconds, LONGEST_WAIT) * 1_000, asked: true };
}
