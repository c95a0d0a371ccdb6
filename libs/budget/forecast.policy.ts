import type { BudgetLimit } from '../contracts/budget.schema.js';
import type { StreamProgressRow } from '../store/index.js';

/** From what the calls that are left were concluded. */
export type ForecastBasis = 'this_run' | 'earlier_runs' | 'unknown';

/** How far a run is with a stream. */
export interface StreamProgress extends Omit<StreamProgressRow, 'runId' | 'stream' | 'state'> {
  /** Nothing of it is left. */
  ended: boolean;
}

export interface CallsForecast {
  /** null: nothing to conclude from. */
  callsLeft: number | null;
  basis: ForecastBasis;
  /** More slices are still to be planned: it is no fewer than this. */
  atLeast: boolean;
}

/**
 * Pure: what a stream still needs. A run that finished slices shows what a slice costs; slices under way are taken for half done. One that has finished none
 * is measured by earlier runs.
 */
export function streamForecast(progress: StreamProgress): CallsForecast {
  const { ended, planComplete, calls, done, claimed, pending, earlierCalls } = progress;
  if (ended) return { callsLeft: 0, basis: 'this_run', atLeast: false };
  if (done > 0 && calls > 0) {
    const perSlice = calls / (done + claimed / 2);
    return { callsLeft: Math.ceil(perSlice * (pending + claimed / 2)), basis: 'this_run', atLeast: !planComplete };
  }
  if (earlierCalls === null) return { callsLeft: null, basis: 'unknown', atLeast: false };
  // It is under way, so at least one call is to come, whatever earlier runs needed.
  return { callsLeft: Math.max(1, earlierCalls - calls), basis: 'earlier_runs', atLeast: calls >= earlierCalls };
}

const CERTAINTY: readonly ForecastBasis[] = ['this_run', 'earlier_runs', 'unknown'];

/** Pure: of a run from those of its streams. It is no surer than the least sure of them. */
export function runCalls(streams: readonly CallsForecast[]): CallsForecast {
  const basis = streams.map((stream) => CERTAINTY.indexOf(stream.basis)).reduce((a, b) => Math.max(a, b), 0);
  const known = streams.every(({ callsLeft }) => callsLeft !== null);
  return {
    callsLeft: known ? streams.reduce((sum, { callsLeft }) => sum + (callsLeft ?? 0), 0) : null,
    basis: CERTAINTY[basis] ?? 'unknown',
    atLeast: known && streams.some(({ atLeast }) => atLeast),
  };
}

/** Calls a second that the rates allow; null: no rate is declared. Pure. */
export function allowedPerSecond(limits: readonly BudgetLimit[]): number | null {
  const rates = limits.flatMap((limit) => (limit.kind === 'rate' ? [limit.points / limit.period_seconds] : []));
  return rates.length === 0 ? null : Math.min(...rates);
}

/** A shorter time, or fewer calls, say nothing of the pace. */
const MEASURED_FROM = { seconds: 5, calls: 10 };

export interface Pace {
  callsPerSecond: number;
  /** `budget`: its share of what the limits allow; `measured`: what the run achieved, which is less, or nothing is declared. */
  from: 'budget' | 'measured';
}

/** Pure: how fast a run goes on. `allowed`: its own share of the rate. */
export function runPace(request: { allowed: number | null; calls: number; seconds: number }): Pace | null {
  const { allowed, calls, seconds } = request;
  const measured = seconds >= MEASURED_FROM.seconds && calls >= MEASURED_FROM.calls ? calls / seconds : null;
  if (measured !== null && (allowed === null || measured < allowed)) return { callsPerSecond: measured, from: 'measured' };
  return allowed === null ? null : { callsPerSecond: allowed, from: 'budget' };
}
