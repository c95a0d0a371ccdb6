import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { listBudgets, type BudgetView as Budget } from '../../../libs/budget/index.js';
import { budgetViewSchema, type BudgetView } from '../../../libs/contracts/budget-view.schema.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import type { Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { pageOfRows, textCursor } from '../http/cursor.js';
import { Operation } from '../http/operation.decorator.js';
import { Workspace } from '../http/workspace.decorator.js';

const LIST = 'budgets';

@ApiTags('budgets')
@Controller('v1/budgets')
export class BudgetsController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Get()
  @Operation({
    id: 'listBudgets',
    summary: 'Allowances of API calls, and how much of them is left',
    description: 'A budget appears with the first call that it counted.',
    answer: pageOf(budgetViewSchema),
    problems: ['VALIDATION_FAILED'],
  })
  async list(@Workspace() workspaceId: string, @Query({ schema: pageQuerySchema }) { limit, cursor }: PageQuery) {
    const rows = await listBudgets(this.pool, { workspaceId, limit, after: textCursor(LIST, cursor) });
    return pageOfRows(LIST, { rows, limit, after: (row) => row.account, view });
  }
}

function view(budget: Budget): BudgetView {
  return {
    id: budget.id,
    host: budget.host,
    account: budget.account,
    limits: budget.limits.map(({ periodSeconds, ...limit }) => ({
      ...limit,
      ...(periodSeconds === undefined ? {} : { period_seconds: periodSeconds }),
    })),
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
