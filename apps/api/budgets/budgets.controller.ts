import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { listBudgets } from '../../../libs/budget/index.js';
import { budgetDetailSchema, budgetViewSchema } from '../../../libs/contracts/budget-view.schema.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import type { Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { pageOfRows, textCursor } from '../http/cursor.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { budgetView } from './budget-view.js';
import { BudgetsService } from './budgets.service.js';

const LIST = 'budgets';

@ApiTags('budgets')
@Controller('v1/budgets')
export class BudgetsController {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(BudgetsService) private readonly budgets: BudgetsService,
  ) {}

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
    return pageOfRows(LIST, { rows, limit, after: (row) => row.account, view: budgetView });
  }

  @Get(':id')
  @Operation({
    id: 'getBudget',
    summary: 'An allowance with who waits for it and how long runs will take',
    description:
      'Waiters are those of all processes. The forecast of a run is its calls that are left and the time that they take at its share of the rate, with what it was concluded from.',
    answer: budgetDetailSchema,
    problems: ['NOT_FOUND'],
  })
  get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.budgets.get({ workspaceId, id });
  }
}
