import type { ActionDescription } from '../contracts/action.port.js';
import type { LastEffectRow } from '../store/index.js';

/** What is to be done next for a run, by the last try in its ledger. Pure. */
export type NextStep =
  | { kind: 'send'; attempt: number }
  /** Its sender may still be at work. */
  | { kind: 'wait'; ms: number }
  /** Make the call again: whatever became of the last try, it takes effect once. */
  | { kind: 'repeat'; attempt: number }
  | { kind: 'lookup'; attempt: number }
  | { kind: 'unknown'; attempt: number }
  | { kind: 'ended' };

type Repeating = Pick<ActionDescription, 'repeat' | 'keyKept' | 'timeoutMs'>;

export function nextStep(
  last: Pick<LastEffectRow, 'attempt' | 'state' | 'leftMs' | 'doubtMs'> | null,
  action: Repeating,
): NextStep {
  if (last === null) return { kind: 'send', attempt: 1 };
  const { attempt, state, leftMs } = last;
  const ended = hasKeyEnded(last, action);
  const repeat = ended ? (action.keyKept?.then ?? 'none') : action.repeat;
  switch (state) {
    case 'reserved':
      return ended ? afterDoubt(attempt, repeat) : { kind: 'send', attempt };
    case 'postponed':
    case 'superseded':
      return ended ? afterDoubt(attempt + 1, repeat) : { kind: 'send', attempt: attempt + 1 };
    case 'sent':
      return leftMs !== null && leftMs > 0 ? { kind: 'wait', ms: leftMs } : afterDoubt(attempt, repeat);
    case 'succeeded':
    case 'failed':
    case 'outcome_unknown':
      return { kind: 'ended' };
    default: {
      const never: never = state;
      throw new Error(`unknown state ${String(never)}`);
    }
  }
}

/** Whether a try that is sent now might arrive when the provider has forgotten the key of one before it that may have taken effect. Pure. */
export const hasKeyEnded = ({ doubtMs }: Pick<LastEffectRow, 'doubtMs'>, { repeat, keyKept, timeoutMs }: Repeating): boolean =>
  repeat === 'key' && keyKept !== null && doubtMs !== null && doubtMs + timeoutMs >= keyKept.ms;

/** A try of which nobody knows what became, once its sender is out of the way. */
function afterDoubt(attempt: number, repeat: ActionDescription['repeat']): NextStep {
  switch (repeat) {
    case 'key':
    case 'idempotent':
      return { kind: 'repeat', attempt };
    case 'lookup':
      return { kind: 'lookup', attempt };
    case 'none':
      return { kind: 'unknown', attempt };
    default: {
      const never: never = repeat;
      throw new Error(`unknown ${String(never)}`);
    }
  }
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A call that could not be made within this time is given up: whoever asked for it does not wait any more. */
export const GIVE_UP_AFTER_MS = 15 * 60_000;

/** Before the try that follows this one. */
export const backoffMs = (attempt: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 10));
