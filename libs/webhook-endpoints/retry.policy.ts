import type { AfterTry } from '../store/index.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Between tries, as Standard Webhooks recommends: ten tries in three days. */
const WAITS_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR] as const;
export const MOST_TRIES = WAITS_MS.length + 1;
/** Waits are longer by up to this share, so that what failed together does not come again together. */
const JITTER = 0.1;
/** What an endpoint asks for is granted up to here. */
const LONGEST_WAIT_MS = 24 * HOUR;

/** What came of a try. */
export interface TryOutcome {
  /** null: there was no answer. */
  status: number | null;
  /** As the answer asked for, in ms; null: it did not. */
  retryAfterMs: number | null;
}

/** What follows from a try. `attempts`: this one included; `random`: 0 to 1. Pure. */
export function afterTry({ status, retryAfterMs }: TryOutcome, attempts: number, random: number): AfterTry {
  if (status !== null && status >= 200 && status < 300) return { state: 'succeeded', gone: false };
  if (status === 410) return { state: 'failed', gone: true };
  const wait = WAITS_MS[attempts - 1];
  if (wait === undefined) return { state: 'failed', gone: false };
  const jittered = wait * (1 + JITTER * random);
  return { state: 'pending', inMs: Math.round(Math.max(jittered, Math.min(retryAfterMs ?? 0, LONGEST_WAIT_MS))) };
}
