import { z } from 'zod';
import type { BudgetAccount } from '../contracts/budget.port.js';
import type { BudgetLimit } from '../contracts/budget.schema.js';
import { findBudgetRow, findBudgetRowOf, listBudgetRows, type BudgetRow, type Db } from '../store/index.js';
import { availablePoints } from './gcra.js';

/** How much of a limit is spent, now. `used` + `remaining` = `allowed`, unless more slots are held than a lowered limit allows. */
export interface LimitUse {
  kind: 'rate' | 'concurrency';
  name: string;
  /** Burst of a rate, slots of a concurrency limit. */
  allowed: number;
  used: number;
  remaining: number;
  /** Rates only: points per period. */
  points?: number;
  periodSeconds?: number;
  /** Rates only: when all of it is there again if nobody calls; null: it is now. */
  fullAt?: Date | null;
}

export interface BudgetView {
  id: string;
  account: string;
  host: string;
  limits: LimitUse[];
  /** Set while no call may start. */
  blockedUntil: Date | null;
  /** What the provider's headers last said; null: nothing yet. */
  observed: {
    at: Date;
    windows: { name: string; limit: number | null; remaining: number | null; resetsAt: Date | null }[];
  } | null;
  updatedAt: Date;
}

const observedSchema = z.object({
  at: z.coerce.date(),
  windows: z.array(
    z
      .object({
        name: z.string(),
        limit: z.number().nullable(),
        remaining: z.number().nullable(),
        resets_at: z.coerce.date().nullable(),
      })
      .transform(({ resets_at, ...window }) => ({ ...window, resetsAt: resets_at })),
  ),
});

/** Budgets of a workspace that were ever used or blocked, by account, with what is spent of them now. At most limit + 1. */
export async function listBudgets(
  db: Db,
  request: { workspaceId: string; limit: number; after: string | null },
): Promise<BudgetView[]> {
  return (await listBudgetRows(db, request)).map(describeBudget);
}

/** A budget of a workspace with its limits as they are declared; null: there is none. */
export async function findBudget(
  db: Db,
  request: { workspaceId: string; id: string },
): Promise<(BudgetView & { declared: BudgetRow['limits'] }) | null> {
  const row = await findBudgetRow(db, request);
  return row === null ? null : { ...describeBudget(row), declared: row.limits };
}

/** What is spent of an account's limits now. */
export interface AccountUse {
  /** null: no call was counted yet. */
  id: string | null;
  limits: LimitUse[];
  blockedUntil: Date | null;
  /** By how much the arrival time of a rate is ahead of now, in ms, by its name. */
  aheadMs: Record<string, number>;
  /** Slots held, by the name of their limit. */
  held: Record<string, number>;
}

/** Of the limits as they are declared now, which the budget takes over with its next call. */
export async function findAccountUse(
  db: Db,
  account: Pick<BudgetAccount, 'workspaceId' | 'account' | 'limits'>,
): Promise<AccountUse> {
  const row = await findBudgetRowOf(db, account);
  const nowMs = row?.nowMs ?? Date.now();
  const { limits, tat, inFlight } = { limits: account.limits, tat: row?.tat ?? {}, inFlight: row?.inFlight ?? {} };
  return {
    id: row?.id ?? null,
    limits: limits.map((limit) => describeLimit(limit, { tat, inFlight, nowMs })),
    blockedUntil: row === null ? null : describeBudget(row).blockedUntil,
    aheadMs: Object.fromEntries(Object.entries(tat).map(([name, tatMs]) => [name, Math.max(0, tatMs - nowMs)])),
    held: inFlight,
  };
}

/** Pure: a row as it is shown. */
function describeBudget(row: BudgetRow): BudgetView {
  const observed = observedSchema.safeParse(row.observed);
  return {
    id: row.id,
    account: row.account,
    host: row.host,
    limits: row.limits.map((limit) => describeLimit(limit, row)),
    blockedUntil: row.blockedUntil !== null && row.blockedUntil.getTime() > row.nowMs ? row.blockedUntil : null,
    observed: observed.success ? observed.data : null,
    updatedAt: row.updatedAt,
  };
}

/** Pure. */
function describeLimit(limit: BudgetLimit, { tat, inFlight, nowMs }: Pick<BudgetRow, 'tat' | 'inFlight' | 'nowMs'>): LimitUse {
  switch (limit.kind) {
    case 'rate': {
      const allowed = limit.burst ?? limit.points;
      const tatMs = tat[limit.name] ?? 0;
      const remaining = availablePoints(limit, tatMs - nowMs);
      const fullAt = tatMs > nowMs ? new Date(tatMs) : null;
      const rate = { points: limit.points, periodSeconds: limit.period_seconds, fullAt };
      return { kind: limit.kind, name: limit.name, allowed, used: allowed - remaining, remaining, ...rate };
    }
    case 'concurrency': {
      const used = inFlight[limit.name] ?? 0;
      return { kind: limit.kind, name: limit.name, allowed: limit.max, used, remaining: Math.max(0, limit.max - used) };
    }
    default: {
      const never: never = limit;
      throw new Error(`unknown limit ${String(never)}`);
    }
  }
}
