import type { BudgetLimit } from '../contracts/budget.schema.js';
import type { EarlierStreamRow } from '../store/index.js';
import { allowedPerSecond, runCalls, type CallsForecast, type Pace } from './forecast.policy.js';
import { rateTerms } from './gcra.js';

/** So many earlier runs are learnt from at most. */
const LEARNT_FROM = 5;

/** A stream as the sync's next run loads it. */
export interface NextStream {
  stream: string;
  /** Its loads go on from a state: one from the beginning says nothing of those that follow, nor they of it. */
  incremental: boolean;
  /** The next run begins from the beginning. */
  anew: boolean;
}

export interface StreamOutlook {
  stream: string;
  loadsAnew: boolean;
  /** Median, least and most of the runs; null: there are none. */
  calls: number | null;
  least: number | null;
  most: number | null;
  /** How many runs it is concluded from. */
  runs: number;
}

/** An earlier run that did as a whole what the next one will do. */
export interface EarlierRun {
  runId: string;
  finishedAt: Date;
  calls: number;
  /** From its beginning to its end, waits and pauses included. */
  seconds: number;
}

/** As `percentile_disc(0.5)`: a value that was there. null: of nothing. */
const median = (values: readonly number[]): number | null =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? null;

const isLike = ({ incremental, anew }: NextStream, row: EarlierStreamRow): boolean => !incremental || row.anew === anew;

/** Pure: what a stream will need, by the latest runs that loaded it as the next one will. `history`: newest first. */
export function streamOutlook(next: NextStream, history: readonly EarlierStreamRow[]): StreamOutlook {
  const rows = history.filter((row) => row.stream === next.stream && isLike(next, row)).slice(0, LEARNT_FROM);
  const calls = rows.map((row) => row.calls);
  return {
    ...{ stream: next.stream, loadsAnew: !next.incremental || next.anew, runs: rows.length, calls: median(calls) },
    ...{ least: rows.length === 0 ? null : Math.min(...calls), most: rows.length === 0 ? null : Math.max(...calls) },
  };
}

/** Pure: the latest runs that loaded exactly these streams, each as the next run will; newest first, as `history` is. */
export function earlierRuns(next: readonly NextStream[], history: readonly EarlierStreamRow[]): EarlierRun[] {
  const byRun = [...new Set(history.map(({ runId }) => runId))].map((id) => history.filter(({ runId }) => runId === id));
  const alike = (rows: readonly EarlierStreamRow[]): boolean =>
    rows.length === next.length && next.every((one) => rows.some((row) => row.stream === one.stream && isLike(one, row)));
  return byRun
    .filter(alike)
    .slice(0, LEARNT_FROM)
    .flatMap((rows) => {
      const calls = rows.reduce((sum, row) => sum + row.calls, 0);
      return rows.slice(0, 1).map(({ runId, finishedAt, seconds }) => ({ runId, finishedAt, calls, seconds }));
    });
}

/** Pure: of the whole run, as sure as its least sure stream. */
export const outlookCalls = (streams: readonly StreamOutlook[]): CallsForecast =>
  runCalls(
    streams.map(({ calls }) => ({ callsLeft: calls, basis: calls === null ? 'unknown' : 'earlier_runs', atLeast: false })),
  );

/** What of an account's limits is there for a run that begins now. */
export interface Allowance {
  limits: readonly BudgetLimit[];
  /** By how much a rate's arrival time is ahead of now, in ms, by its name: what is used of it. */
  aheadMs: Readonly<Record<string, number>>;
  /** Slots held, by the name of their limit. */
  held: Readonly<Record<string, number>>;
  /** The run's part of what several runs share: more than 0, at most 1. */
  share: number;
  /** No call starts for so long; then the account begins empty. */
  idleSeconds: number;
}

type Rate = Extract<BudgetLimit, { kind: 'rate' }>;

/** Points that may be spent at once, before `share`, and how long until there is one; what is kept for actions is not among them. */
function atOnce(limit: Rate, { aheadMs, idleSeconds }: Allowance): { pointsMs: number; waitMs: number; emissionMs: number } {
  const { emissionMs, toleranceMs } = rateTerms(limit, 'batch');
  const lagMs = idleSeconds > 0 ? 0 : Math.max(0, aheadMs[limit.name] ?? 0) - toleranceMs;
  return { pointsMs: Math.max(0, -lagMs) + emissionMs, waitMs: Math.max(0, lagMs), emissionMs };
}

/** Calls that the run could begin with, this moment; null: nothing is declared. Pure. */
export function callsAtOnce(allowance: Allowance): number | null {
  const { limits, held, share, idleSeconds } = allowance;
  if (limits.length === 0) return null;
  if (idleSeconds > 0) return 0;
  const counts = limits.map((limit) => {
    if (limit.kind === 'concurrency') return Math.max(0, limit.max - (held[limit.name] ?? 0));
    const { pointsMs, waitMs, emissionMs } = atOnce(limit, allowance);
    return waitMs > 0 ? 0 : Math.floor((share * pointsMs) / emissionMs + 1e-6);
  });
  return Math.min(...counts);
}

/** Pure: how long `calls` calls of a point each take by the rates, in seconds; null: no rate is declared. */
export function secondsByBudget(calls: number, allowance: Allowance): number | null {
  const { limits, share, idleSeconds } = allowance;
  const times = limits.flatMap((limit) => {
    if (limit.kind !== 'rate') return [];
    const { pointsMs, waitMs, emissionMs } = atOnce(limit, allowance);
    return [waitMs + Math.max(0, (calls * emissionMs) / share - pointsMs)];
  });
  return times.length === 0 ? null : idleSeconds + (calls === 0 ? 0 : Math.max(...times) / 1_000);
}

export interface SyncOutlook {
  /** null: unknown. */
  seconds: number | null;
  pace: Pace['from'] | null;
  /** Its share of what the rates allow; null: no rate is declared. */
  allowedPerSecond: number | null;
}

/** Pure: a run takes what its calls take by the budget as it is now, and no less than earlier runs took, which also loaded what they read. */
export function syncOutlook(request: { calls: number | null; runs: readonly EarlierRun[]; allowance: Allowance }): SyncOutlook {
  const { calls, runs, allowance } = request;
  const rate = allowedPerSecond(allowance.limits);
  const allowed = rate === null ? null : rate * allowance.share;
  const took = median(runs.map(({ seconds }) => seconds));
  const measured = took === null ? null : took + allowance.idleSeconds;
  const byBudget = calls === null ? null : secondsByBudget(calls, allowance);
  if (calls === null || (measured === null && byBudget === null)) return { seconds: null, pace: null, allowedPerSecond: allowed };
  const seconds = Math.max(measured ?? 0, byBudget ?? 0);
  return { seconds, pace: seconds === byBudget ? 'budget' : 'measured', allowedPerSecond: allowed };
}
