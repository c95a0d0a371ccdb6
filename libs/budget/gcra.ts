import type { BudgetClass } from '../contracts/budget.port.js';
import type { BudgetLimit } from '../contracts/budget.schema.js';

/**
 * GCRA as ITU-T I.371 has it, in milliseconds: point i of a grant has the theoretical arrival time v = tat + i·emission and may be used from
 * v − tolerance on. A class' tolerance is (burst − 1)·emission, so that no interval of length t sees more than burst + t/emission points.
 * The database (migration 0002) decides how many points there are, by v ≤ now + tolerance; this file says when each of them may be used.
 */
export interface RateTerms {
  emissionMs: number;
  toleranceMs: number;
}

/** The part of a burst that batch callers leave to interactive ones. */
const RESERVED_SHARE = 0.2;
/** Limits slower than this are asked for call by call: a database call then costs nothing next to the wait. */
const HOT_POINTS_PER_SECOND = 20;
/** The longest time a leased point may be used after its arrival time; with the time before it, a lease lives at most a second. */
const MAX_SLACK_MS = 250;

type RateLimit = Extract<BudgetLimit, { kind: 'rate' }>;

export function rateTerms(limit: RateLimit, cls: BudgetClass): RateTerms {
  const emissionMs = (limit.period_seconds * 1000) / limit.points;
  const burst = limit.burst ?? limit.points;
  const usable = Math.max(1, burst - (cls === 'batch' ? Math.ceil(burst * RESERVED_SHARE) : 0));
  return { emissionMs, toleranceMs: (usable - 1) * emissionMs };
}

/**
 * How late after its arrival time a point of these limits may still be used; 0: points cannot be kept. Points that are used late would bunch
 * up with later ones, so all points of such limits become usable this much later too: the bound above holds exactly. It depends on the limits
 * alone, so that every worker keeps to the same one.
 */
export function leaseSlackMs(limits: readonly BudgetLimit[]): number {
  const slacks = limits.map((limit) => {
    switch (limit.kind) {
      case 'rate': {
        const { emissionMs, toleranceMs } = rateTerms(limit, 'batch');
        return 1000 / emissionMs < HOT_POINTS_PER_SECOND ? 0 : Math.min(MAX_SLACK_MS, toleranceMs / 4);
      }
      // a slot is held by a call in flight: there is nothing to keep
      case 'concurrency':
        return 0;
      default: {
        const never: never = limit;
        throw new Error(`unknown limit ${String(never)}`);
      }
    }
  });
  return slacks.length === 0 ? 0 : Math.min(...slacks);
}

/** When a point may be used, in ms after the grant. */
export interface PointTimes {
  notBeforeMs: number;
  expiresMs: number;
}

/**
 * The times of a grant's points. `tatMs`: each limit's arrival time when it was granted, relative to the database's clock then (≥ 0).
 * Points that cannot be kept (slack 0) are for callers who wait for them: they do not expire by this rule.
 */
export function pointTimes(request: {
  granted: number;
  rates: readonly (RateTerms & { tatMs: number })[];
  slackMs: number;
  maxLeaseMs: number;
}): PointTimes[] {
  return Array.from({ length: request.granted }, (_, index) => {
    let notBeforeMs = 0;
    let expiresMs = request.maxLeaseMs;
    for (const rate of request.rates) {
      const arrival = rate.tatMs + index * rate.emissionMs;
      // arrival > tolerance only in a call that costs more than the burst: it goes as a whole
      notBeforeMs = Math.max(notBeforeMs, Math.min(arrival - rate.toleranceMs, 0) + request.slackMs);
      if (request.slackMs > 0) expiresMs = Math.min(expiresMs, arrival + request.slackMs);
    }
    return { notBeforeMs, expiresMs: Math.max(expiresMs, notBeforeMs) };
  });
}

/** Points of a burst that are there now, for showing; `tatMs` relative to now. */
export function availablePoints(limit: RateLimit, tatMs: number): number {
  const { emissionMs, toleranceMs } = rateTerms(limit, 'interactive');
  return Math.max(0, Math.floor((toleranceMs - Math.max(0, tatMs)) / emissionMs + 1e-6) + 1);
}

/** How many points to lease beyond what is asked for now: what the last second's pace will use up before they expire. */
export function leaseAhead(request: { recentPerSecond: number; slackMs: number }): number {
  if (request.recentPerSecond < HOT_POINTS_PER_SECOND) return 0;
  return Math.min(50, Math.floor((request.recentPerSecond * request.slackMs) / 1000));
}
