import type { BudgetView as Budget } from '../../../libs/budget/index.js';
import type { BudgetDetailView, BudgetView } from '../../../libs/contracts/budget-view.schema.js';
import type { ActiveRunRow, BudgetCallRow } from '../../../libs/store/index.js';

export const limitView = ({
  kind,
  name,
  allowed,
  used,
  remaining,
  points,
  periodSeconds,
  fullAt,
}: Budget['limits'][number]): BudgetView['limits'][number] => ({
  ...{ kind, name, allowed, used, remaining },
  ...(points === undefined ? {} : { points }),
  ...(periodSeconds === undefined ? {} : { period_seconds: periodSeconds }),
  ...(fullAt === undefined ? {} : { full_at: fullAt?.toISOString() ?? null }),
});

export function budgetView(budget: Budget): BudgetView {
  return {
    id: budget.id,
    host: budget.host,
    account: budget.account,
    limits: budget.limits.map(limitView),
    blocked_until: budget.blockedUntil?.toISOString() ?? null,
    observed:
      budget.observed === null
        ? null
        : {
            at: budget.observed.at.toISOString(),
            windows: budget.observed.windows.map(({ resetsAt, ...window }) => ({
              ...window,
              resets_at: resetsAt?.toISOString() ?? null,
            })),
          },
    updated_at: budget.updatedAt.toISOString(),
  };
}

type Holder = BudgetDetailView['holding'][number];

export const callersView = (row: BudgetCallRow, runs: readonly ActiveRunRow[]): Holder => ({
  ...{ connection_id: row.connectionId, sync_id: row.syncId },
  run_id: runs.find(({ syncId }) => syncId === row.syncId)?.id ?? null,
  operation: row.kind === null || row.operation === null ? null : { kind: row.kind, name: row.operation },
  ...{ class: row.class, weight: row.weight, calls: row.calls, since: row.since.toISOString() },
});

/** A run that waits on a timer of its workflow makes no calls meanwhile. */
export const timerView = (run: ActiveRunRow): BudgetDetailView['waiting'][number] => ({
  ...{ connection_id: run.sourceId, sync_id: run.syncId, run_id: run.id, operation: null, class: 'batch', weight: run.weight },
  ...{ calls: 0, since: null, until: run.waitingUntil?.toISOString() ?? null },
});
