/** The life of a run. */
export const RUN_STATES = [
  'queued',
  'running',
  'rate_limited',
  'pausing',
  'paused',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** What may follow what. Terminal states have no successor; `control.run_active` indexes the non-terminal ones. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['running', 'cancelling', 'cancelled', 'failed'],
  running: ['rate_limited', 'pausing', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled'],
  rate_limited: ['running', 'pausing', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled'],
  pausing: ['paused', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled'],
  paused: ['running', 'cancelling', 'failed', 'cancelled'],
  cancelling: ['cancelled', 'succeeded', 'failed'],
  succeeded: [],
  failed: [],
  cancelled: [],
  skipped: [],
};

export function isTerminal(state: RunState): boolean {
  return RUN_TRANSITIONS[state].length === 0;
}

export const ACTIVE_RUN_STATES: readonly RunState[] = RUN_STATES.filter((state) => !isTerminal(state));
