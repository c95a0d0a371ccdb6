import type { BudgetLimit } from '../contracts/budget.schema.js';
import type { JsonObject } from '../contracts/json.js';
import { one, type Db } from './database.js';

/** A budget as it is shown; libs/budget alone writes it. */
export interface BudgetRow {
  id: string;
  host: string;
  account: string;
  limits: BudgetLimit[];
  blockedUntil: Date | null;
  /** What the provider's headers last said. */
  observed: JsonObject;
  /** Calls under way by concurrency limit: leases that have not run out. */
  inFlight: Record<string, number>;
  /** Theoretical arrival time of each rate limit by its name, and the database's clock, in ms since the epoch. */
  tat: Record<string, number>;
  nowMs: number;
  updatedAt: Date;
}

const SHOWN = `SELECT b.id, b.host, b.account, b.limits, b.blocked_until AS "blockedUntil", b.observed, b.updated_at AS "updatedAt",
            b.tat, (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS "nowMs",
            coalesce((SELECT jsonb_object_agg(l.limit_name, l.n) FROM (
              SELECT limit_name, count(*) AS n FROM control.budget_lease
              WHERE budget_id = b.id AND expires_at > now() GROUP BY limit_name) AS l), '{}') AS "inFlight"
     FROM control.budget AS b`;

/** By account; `after` is the last account seen. Returns at most limit + 1 rows. */
export async function listBudgetRows(
  db: Db,
  request: { workspaceId: string; limit: number; after: string | null },
): Promise<BudgetRow[]> {
  const result = await db.query<BudgetRow>(
    `${SHOWN} WHERE b.workspace_id = $1 AND b.account > coalesce($2, '') ORDER BY b.account LIMIT $3`,
    [request.workspaceId, request.after, request.limit + 1],
  );
  return result.rows;
}

export async function findBudgetRow(db: Db, request: { workspaceId: string; id: string }): Promise<BudgetRow | null> {
  const { workspaceId, id } = request;
  return one(await db.query<BudgetRow>(`${SHOWN} WHERE b.workspace_id = $1 AND b.id = $2`, [workspaceId, id]));
}

/** By its unique (workspace_id, account). */
export async function findBudgetRowOf(db: Db, request: { workspaceId: string; account: string }): Promise<BudgetRow | null> {
  const { workspaceId, account } = request;
  return one(await db.query<BudgetRow>(`${SHOWN} WHERE b.workspace_id = $1 AND b.account = $2`, [workspaceId, account]));
}
