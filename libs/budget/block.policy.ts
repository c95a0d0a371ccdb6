import type { ProviderWord } from './provider-headers.js';

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/** Between two waiters of one process that go on after a block. */
const STAGGER_MS = 100;

/**
 * How long an account must be left alone after an answer; null: it need not.
 * `level`: how many blocks without a word of the provider's came in a row before.
 */
export function blockAfter(answer: { status: number | null; word: ProviderWord; level: number }): number | null {
  const { status, word, level } = answer;
  const exhausted = word.windows
    .filter((window) => window.remaining === 0 && window.resetMs !== null && window.resetMs > 0)
    .map((window) => window.resetMs ?? 0);
  switch (status) {
    case 429:
      // the provider's word beats a guess; a zero is no word
      return word.retryAfterMs || (exhausted.length > 0 ? Math.max(...exhausted) : backoffMs(level));
    case 503:
      return word.retryAfterMs || null;
    default:
      return exhausted.length > 0 ? Math.max(...exhausted) : null;
  }
}

/** 1, 2, 4 … 60 seconds, for providers that refuse without saying until when. */
export function backoffMs(level: number): number {
  return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(level, 10));
}

/** Blocks of an account in a row. Times are monotonic ms. */
export interface Trouble {
  level: number;
  sinceMs: number;
  untilMs: number;
}

/** A refusal this long after the end of the last block is a new story. */
const CALM_MS = 30_000;

/** How many refusals in a row lie behind an account now. */
export function troubleLevel(last: Trouble | undefined, nowMs: number): number {
  return last === undefined || nowMs > last.untilMs + CALM_MS ? 0 : last.level;
}

/** The trouble after another refusal; those of calls that were under way when the last block began belong to it. */
export function afterRefusal(request: { last: Trouble | undefined; startedMs: number; nowMs: number; blockMs: number }): Trouble {
  const { last, startedMs, nowMs, blockMs } = request;
  if (last !== undefined && startedMs < last.sinceMs) return last;
  return { level: troubleLevel(last, nowMs) + 1, sinceMs: nowMs, untilMs: nowMs + blockMs };
}

/**
 * The trouble after an answer to a call that began after the block's end: each takes back one refusal, so that a provider which refuses now and then is not
 * left alone for longer each time, and one that lets a call pass between two refusals is.
 */
export function afterSuccess({ last, startedMs }: { last: Trouble | undefined; startedMs: number }): Trouble | undefined {
  if (last === undefined || startedMs < last.untilMs) return last;
  return last.level <= 1 ? undefined : { ...last, level: last.level - 1 };
}

/** How long after the end of a block the index-th waiter goes on, so that they do not come as a herd. `random`: [0, 1), of this process. */
export function staggerMs(request: { index: number; random: number }): number {
  return Math.min(2_000, Math.round((request.index + request.random) * STAGGER_MS));
}
