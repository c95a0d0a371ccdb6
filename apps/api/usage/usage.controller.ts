import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { pageOf, pageQuerySchema } from '../../../libs/contracts/page.schema.js';
import { usageAnswerSchema, usageCallSchema, usageQuerySchema, type UsageQuery } from '../../../libs/contracts/usage.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { listUsageSamples, lostUsage, sumUsage, type Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { numberCursor, pageOfRows } from '../http/cursor.js';
import { Operation } from '../http/operation.decorator.js';
import { Workspace } from '../http/workspace.decorator.js';
import { callView, usageView } from './usage-view.js';

const CALLS = 'usage-calls';
const MOST_GROUPS = 5_000;
const DEFAULT_RANGE_MS = 7 * 24 * 3_600_000;

const callsQuerySchema = pageQuerySchema.extend({ connection: z.uuid().optional().describe('Of this connection only.') });

@ApiTags('usage')
@Controller('v1/usage')
export class UsageController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Get()
  @Operation({
    id: 'getUsage',
    summary: 'Calls that left, by connection, operation and time',
    description:
      'Every call of syncs, actions, lookups and token renewals is counted where it leaves, and written within five seconds. Minutes become hours after two days; hours are kept for `SLUICE_USAGE_DAYS`. A `from` inside an hour older than two days leaves that hour out.',
    answer: usageAnswerSchema,
    problems: ['VALIDATION_FAILED'],
  })
  async get(@Workspace() workspaceId: string, @Query({ schema: usageQuerySchema }) query: UsageQuery) {
    const to = query.to === undefined ? new Date() : new Date(query.to);
    const from = query.from === undefined ? new Date(to.getTime() - DEFAULT_RANGE_MS) : new Date(query.from);
    const { group_by: groupBy, connection = null, connector = null, operation = null } = query;
    const filter = { connectionId: connection, connector, operation };
    const sums = await sumUsage(this.pool, { ...{ workspaceId, groupBy, from, to }, ...filter, limit: MOST_GROUPS });
    if (sums.length > MOST_GROUPS)
      throw new SluiceError('VALIDATION_FAILED', {
        detail: 'in the query',
        errors: [{ path: '/group_by', message: `makes more than ${MOST_GROUPS} groups; choose a shorter range or fewer groups` }],
      });
    const lost = await lostUsage(this.pool, { workspaceId, from, to });
    return { from: from.toISOString(), to: to.toISOString(), data: sums.map(usageView), lost_calls: lost };
  }

  @Get('calls')
  @Operation({
    id: 'listUsageCalls',
    summary: 'Some of the latest calls, one by one',
    description:
      'Of each process the first fifty calls in five seconds, kept for an hour: to look at, not to count. No address, header or body.',
    answer: pageOf(usageCallSchema),
    problems: ['VALIDATION_FAILED'],
  })
  async calls(@Workspace() workspaceId: string, @Query({ schema: callsQuerySchema }) query: z.output<typeof callsQuerySchema>) {
    const { limit, cursor, connection = null } = query;
    const before = numberCursor(CALLS, cursor);
    const rows = await listUsageSamples(this.pool, { workspaceId, connectionId: connection, limit, before });
    return pageOfRows(CALLS, { rows, limit, after: (row) => row.seq, view: callView });
  }
}
