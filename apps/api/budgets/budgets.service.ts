import { Inject, Injectable } from '@nestjs/common';
import { allowedPerSecond, findBudget, runCalls, runPace, streamForecast } from '../../../libs/budget/index.js';
import type { BudgetDetailView, RunForecastView } from '../../../libs/contracts/budget-view.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  listBudgetCalls,
  listStreamProgress,
  type ActiveRunRow,
  type Pool,
  type StreamProgressRow,
} from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { AccountRuns } from './account-runs.js';
import { budgetView, callersView, timerView } from './budget-view.js';

type Found = NonNullable<Awaited<ReturnType<typeof findBudget>>>;

/** One budget with who waits for it and how far the runs that use it will go. */
@Injectable()
export class BudgetsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(AccountRuns) private readonly accountRuns: AccountRuns,
  ) {}

  /** Errors: NOT_FOUND. */
  async get({ workspaceId, id }: { workspaceId: string; id: string }): Promise<BudgetDetailView> {
    const budget = await findBudget(this.pool, { workspaceId, id });
    if (budget === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such budget' });
    const { account } = budget;
    const calls = await listBudgetCalls(this.pool, { workspaceId, account });
    const runs = await this.accountRuns.of({ workspaceId, account });
    const views = (state: string) => calls.filter((row) => row.state === state).map((row) => callersView(row, runs));
    return {
      ...budgetView(budget),
      waiting: [
        ...views('waiting').map((view) => ({ ...view, until: null })),
        ...runs.filter(({ waitingUntil }) => waitingUntil !== null).map(timerView),
      ],
      holding: views('holding'),
      forecasts: await this.forecasts(budget, runs),
    };
  }

  private async forecasts(budget: Found, runs: readonly ActiveRunRow[]): Promise<RunForecastView[]> {
    const progress = await listStreamProgress(this.pool, { runIds: runs.map(({ id }) => id) });
    const allowed = allowedPerSecond(budget.declared);
    const weights = new Map(runs.filter(({ state }) => state !== 'paused').map(({ syncId, weight }) => [syncId, weight]));
    const nowMs = Date.now();
    return runs.map((run) => {
      const shared = [...new Map([...weights, [run.syncId, run.weight]]).values()].reduce((sum, weight) => sum + weight, 0);
      return forecastView({
        ...{ run, nowMs, streams: progress.filter(({ runId }) => runId === run.id) },
        allowed: allowed === null ? null : (allowed * run.weight) / shared,
        idleUntil: latest(budget.blockedUntil, run.waitingUntil),
      });
    });
  }
}

const latest = (...times: (Date | null)[]): number =>
  Math.max(0, ...times.flatMap((time) => (time === null ? [] : [time.getTime()])));

/** Pure. `allowed`: calls a second of the run's own share; `idleUntil`: in ms since the epoch, it makes no calls before. */
function forecastView(request: {
  run: ActiveRunRow;
  streams: readonly StreamProgressRow[];
  allowed: number | null;
  idleUntil: number;
  nowMs: number;
}): RunForecastView {
  const { run, allowed, idleUntil, nowMs } = request;
  const streams = request.streams.map((row) => ({ row, ...streamForecast({ ...row, ended: ended(row) }) }));
  const { callsLeft, basis, atLeast } = runCalls(streams);
  const made = streams.reduce((sum, { row }) => sum + row.calls, 0);
  const seconds = run.startedAt === null ? 0 : (nowMs - run.startedAt.getTime()) / 1_000;
  const pace = runPace({ allowed, calls: made, seconds });
  const idle = Math.max(0, idleUntil - nowMs) / 1_000;
  // A run without streams has not begun: it knows nothing yet.
  const left = streams.length === 0 ? null : callsLeft;
  const secondsLeft = left === null || pace === null ? null : Math.ceil(idle + left / pace.callsPerSecond);
  const resting = run.state === 'paused' || run.state === 'pausing';
  return {
    ...{ run_id: run.id, sync_id: run.syncId, sync_name: run.syncName, connection_id: run.sourceId, state: run.state },
    ...{ weight: run.weight, calls_made: made, calls_left: left, at_least: atLeast },
    basis: streams.length === 0 ? 'unknown' : basis,
    calls_per_second: pace === null ? null : Number(pace.callsPerSecond.toFixed(3)),
    pace: pace?.from ?? null,
    seconds_left: secondsLeft,
    finishes_at: secondsLeft === null || resting ? null : new Date(nowMs + secondsLeft * 1_000).toISOString(),
    streams: streams.map(({ row, ...forecast }) => ({
      ...{ stream: row.stream, slices_done: row.done, slices_left: row.claimed + row.pending, plan_complete: row.planComplete },
      ...{ calls_made: row.calls, calls_left: forecast.callsLeft, at_least: forecast.atLeast, basis: forecast.basis },
    })),
  };
}

const ended = ({ state, planComplete, claimed, pending }: StreamProgressRow): boolean =>
  state === 'finished' || state === 'failed' || (planComplete && claimed + pending === 0);
