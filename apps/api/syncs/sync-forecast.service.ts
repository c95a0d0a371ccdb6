import { Inject, Injectable } from '@nestjs/common';
import {
  callsAtOnce,
  earlierRuns,
  findAccountUse,
  outlookCalls,
  streamOutlook,
  syncOutlook,
  type Allowance,
  type NextStream,
} from '../../../libs/budget/index.js';
import type { StoreConnectionOpener } from '../../../libs/connections/index.js';
import type { SyncForecastView } from '../../../libs/contracts/sync-forecast.schema.js';
import { isIncremental } from '../../../libs/runs/stream-target.js';
import {
  findActiveRun,
  getLastBegunVersion,
  listEarlierStreams,
  listVersionResets,
  type EarlierStreamRow,
  type Pool,
  type SyncRow,
  type SyncVersionRow,
} from '../../../libs/store/index.js';
import { AccountRuns } from '../budgets/account-runs.js';
import { limitView } from '../budgets/budget-view.js';
import { OPENER, POOL } from '../core/tokens.js';
import { currentVersion, SyncsService } from './syncs.service.js';

const LANE = 'live';

/** What the next run of a sync would take. */
@Injectable()
export class SyncForecast {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(OPENER) private readonly opener: Pick<StoreConnectionOpener, 'budgetAccount'>,
    @Inject(AccountRuns) private readonly accountRuns: AccountRuns,
    @Inject(SyncsService) private readonly syncs: SyncsService,
  ) {}

  /** Errors: NOT_FOUND; CONFIG_INVALID where the source's configuration does not fit its connector any more. */
  async get(key: { workspaceId: string; id: string }): Promise<SyncForecastView> {
    const sync = await this.syncs.find(key);
    const { workspaceId, sourceId } = sync;
    const [account, version, history, active] = await Promise.all([
      this.opener.budgetAccount({ workspaceId, connectionId: sourceId }),
      currentVersion(this.pool, sync),
      listEarlierStreams(this.pool, { syncId: sync.id }),
      findActiveRun(this.pool, { syncId: sync.id, lane: LANE }),
    ]);
    const next = await this.nextStreams(sync, version, history);
    const use = await findAccountUse(this.pool, account);
    const others = (await this.accountRuns.of({ workspaceId, account: account.account })).filter(
      ({ syncId, state }) => syncId !== sync.id && state !== 'paused',
    );
    const nowMs = Date.now();
    const weight = version.spec.weight ?? 1;
    const allowance: Allowance = {
      ...{ limits: account.limits, aheadMs: use.aheadMs, held: use.held },
      share: weight / others.reduce((sum, other) => sum + other.weight, weight),
      idleSeconds: use.blockedUntil === null ? 0 : Math.max(0, use.blockedUntil.getTime() - nowMs) / 1_000,
    };
    const streams = next.map((stream) => streamOutlook(stream, history));
    const { callsLeft: calls, basis } = outlookCalls(streams);
    const runs = earlierRuns(next, history);
    const { seconds, pace, allowedPerSecond } = syncOutlook({ calls, runs, allowance });
    const total = (counts: (number | null)[]) => (calls === null ? null : counts.reduce<number>((sum, n) => sum + (n ?? 0), 0));
    return {
      ...{ sync_id: sync.id, connection_id: sourceId, calls, basis: basis === 'unknown' ? basis : 'earlier_runs' },
      calls_least: total(streams.map(({ least }) => least)),
      calls_most: total(streams.map(({ most }) => most)),
      ...{ seconds: seconds === null ? null : Math.ceil(seconds), pace },
      finishes_at: seconds === null ? null : new Date(nowMs + Math.ceil(seconds) * 1_000).toISOString(),
      excludes: [
        ...(version.spec.streams.some(({ action }) => action !== undefined) ? (['destination_calls'] as const) : []),
        ...(account.policies?.some(({ limits }) => limits.length > 0) === true ? (['policy_limits'] as const) : []),
      ],
      active_run_id: active?.id ?? null,
      runs: runs.map((run) => ({
        ...{ run_id: run.runId, finished_at: run.finishedAt.toISOString(), calls: run.calls },
        seconds: Number(run.seconds.toFixed(1)),
      })),
      streams: streams.map((one) => ({
        ...{ stream: one.stream, loads_anew: one.loadsAnew, calls: one.calls, calls_least: one.least, calls_most: one.most },
        ...{ runs: one.runs, basis: one.runs === 0 ? 'unknown' : 'earlier_runs' },
      })),
      budget: {
        ...{ id: use.id, host: account.host, limits: use.limits.map(limitView), weight },
        blocked_until: use.blockedUntil?.toISOString() ?? null,
        shared_with: others.map((run) => ({ sync_id: run.syncId, run_id: run.id, weight: run.weight })),
        calls_per_second: allowedPerSecond === null ? null : Number(allowedPerSecond.toFixed(3)),
        calls_at_once: callsAtOnce(allowance),
      },
    };
  }

  /** What a run that began now would load, and how. */
  private async nextStreams(
    { id: syncId, version: upToVersion }: SyncRow,
    { spec }: SyncVersionRow,
    history: readonly EarlierStreamRow[],
  ): Promise<NextStream[]> {
    const afterVersion = await getLastBegunVersion(this.pool, { syncId, lane: LANE, beforeSeq: Number.MAX_SAFE_INTEGER });
    const resets = await listVersionResets(this.pool, { syncId, afterVersion, upToVersion });
    return spec.streams.map(({ name, mode, deletes, action, cursor_field: cursor }) => ({
      stream: name,
      incremental: isIncremental({ mode, deletes, action, cursorField: cursor ?? null }),
      anew: resets.includes(name) || !history.some(({ stream }) => stream === name),
    }));
  }
}
