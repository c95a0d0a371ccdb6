import { saidWait } from '../../contracts/said-wait.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Answer } from './answer.js';
import type { ErrorHandler } from './error-handlers.component.js';
import { nextTry, type Tries } from './retry.policy.js';

interface FailedTry {
  handler: ErrorHandler;
  /** So far, this one included. */
  tries: Tries;
  /** null: none came. */
  answer: Answer | null;
  rateLimited: boolean;
  scope: Scope;
  /** [0, 1), for jitter. */
  random: () => number;
}

/**
 * The wait before the next try in ms: by the manifest's strategies, the first that knows; else longer from try to try, and at least what the source itself says
 * (`Retry-After`). null: it is given up. Throws SOURCE_SERVER_ERROR where a strategy refuses to wait, CONFIG_INVALID.
 */
export function nextWait({
  handler,
  tries,
  answer,
  rateLimited,
  scope,
  random,
}: FailedTry): { tries: Tries; waitMs: number } | null {
  const waitSeconds = waitByStrategy(handler, { answer, attempt: tries.attempt, scope, random });
  const next = nextTry(tries, { rateLimited, waitSeconds, maxRetries: handler.maxRetries(scope) });
  if (next === null || waitSeconds !== null) return next;
  const said = saidWait(answer?.header('retry-after')?.trim(), scope.nowMs) ?? 0;
  return { tries: next.tries, waitMs: Math.max(next.waitMs, said) };
}

/** One that says 0 does not know. */
function waitByStrategy(
  { strategies }: ErrorHandler,
  input: { answer: Answer | null; attempt: number; scope: Scope; random: () => number },
): number | null {
  for (const strategy of strategies) {
    const wait = strategy(input);
    if (wait !== null && wait > 0) return wait;
  }
  return null;
}
