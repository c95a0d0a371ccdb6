/**
 * How many calls of an account may be under way where nobody says: additive increase, multiplicative decrease (Chiu and Jain, 1989), as TCP does it
 * with bytes. Pure: time comes in, nothing is remembered outside of the state.
 */
export interface AimdState {
  /** Fractional; what may be under way is its whole part. */
  readonly limit: number;
  /** The limit at which the provider refused last; Infinity: it never did. Near it growth is slow, so that it is not asked to refuse again soon. */
  readonly ceiling: number;
  /** Calls that began before speak of the time before the last decrease. Monotonic ms. */
  readonly decreasedMs: number;
  /** The fastest of the usual latencies, in ms; null: none seen. Rises slowly, since servers change. */
  readonly baselineMs: number | null;
  /** Smoothed latency in ms; null: none seen. */
  readonly latencyMs: number | null;
}

export const AIMD = {
  start: 4,
  least: 1,
  most: 32,
  /** What is left after a refusal. */
  refused: 0.5,
  /** What is left when answers take many times as long as they did. */
  slow: 0.75,
} as const;

/** Growth a round beyond (nearly) the last ceiling, where below it is one. */
const PROBING = 0.05;
/** Latency collapses when it is this many times the baseline, and by no less than this: small numbers multiply easily. */
const COLLAPSE_FACTOR = 4;
const COLLAPSE_MS = 500;
/** Weight of one answer in the smoothed latency. */
const SMOOTHING = 0.1;
/** How much the baseline rises with an answer that is slower. */
const BASELINE_RISE = 0.01;

export const startOfAimd: AimdState = {
  limit: AIMD.start,
  ceiling: Infinity,
  decreasedMs: -Infinity,
  baselineMs: null,
  latencyMs: null,
};

/** What became of a call. Times are monotonic ms; `busy`: all slots were taken when it ended, so that the limit was what held callers back. */
export interface CallOutcome {
  kind: 'answered' | 'overloaded' | 'unknown';
  startedMs: number;
  endedMs: number;
  busy: boolean;
}

/** `overloaded`: the provider refused for the load (429, 503), or did not answer in time; `unknown` teaches nothing. */
export function afterCall(state: AimdState, outcome: CallOutcome): AimdState {
  const { kind, startedMs, endedMs, busy } = outcome;
  switch (kind) {
    case 'unknown':
      return state;
    case 'overloaded':
      return startedMs < state.decreasedMs ? state : decreased(state, endedMs, AIMD.refused);
    case 'answered': {
      const seen = withLatency(state, endedMs - startedMs);
      if (startedMs < state.decreasedMs) return seen;
      if (collapsed(seen)) return decreased({ ...seen, latencyMs: seen.baselineMs }, endedMs, AIMD.slow);
      return busy ? increased(seen) : seen;
    }
    default: {
      const never: never = kind;
      throw new Error(`unknown outcome ${String(never)}`);
    }
  }
}

/** Calls that may be under way at once. */
export const slotsOf = ({ limit }: AimdState): number => Math.floor(limit);

function increased(state: AimdState): AimdState {
  const step = (state.limit + 1 < state.ceiling ? 1 : PROBING) / state.limit;
  return { ...state, limit: Math.min(AIMD.most, state.limit + step) };
}

function decreased(state: AimdState, nowMs: number, factor: number): AimdState {
  return {
    ...state,
    limit: Math.max(AIMD.least, state.limit * factor),
    ceiling: factor === AIMD.refused ? slotsOf(state) : state.ceiling,
    decreasedMs: nowMs,
  };
}

function withLatency(state: AimdState, ms: number): AimdState {
  const { baselineMs, latencyMs } = state;
  return {
    ...state,
    baselineMs: baselineMs === null || ms < baselineMs ? ms : baselineMs + (ms - baselineMs) * BASELINE_RISE,
    latencyMs: latencyMs === null ? ms : latencyMs + (ms - latencyMs) * SMOOTHING,
  };
}

const collapsed = ({ baselineMs, latencyMs, limit }: AimdState): boolean =>
  baselineMs !== null &&
  latencyMs !== null &&
  limit > AIMD.least &&
  latencyMs > baselineMs * COLLAPSE_FACTOR &&
  latencyMs - baselineMs > COLLAPSE_MS;
