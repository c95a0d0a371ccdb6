import { Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import {
  flowRunQuerySchema,
  flowRunSchema,
  flowRunSummarySchema,
  type FlowRunQuery,
  type FlowRunView,
} from '../../../libs/contracts/flow-view.schema.js';
import { pageOf } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { stringifyJson } from '../../../libs/json/index.js';
import type { OpenedBy } from '../../../libs/store/index.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Caller, Workspace } from '../http/workspace.decorator.js';
import { FlowRunsService } from './flow-runs.service.js';

/** A response's numbers keep their digits. */
const send = (response: Response, view: FlowRunView): void => {
  response.type('application/json').send(stringifyJson(view));
};

@ApiTags('flows')
@Controller('v1/flow-runs')
export class FlowRunsController {
  constructor(@Inject(FlowRunsService) private readonly runs: FlowRunsService) {}

  @Get()
  @Operation({
    id: 'listFlowRuns',
    summary: 'Runs of flows, newest first',
    answer: pageOf(flowRunSummarySchema),
    problems: ['VALIDATION_FAILED'],
  })
  list(@Workspace() workspaceId: string, @Query({ schema: flowRunQuerySchema }) query: FlowRunQuery) {
    return this.runs.list({ workspaceId, query });
  }

  @Get(':id')
  @Operation({
    id: 'getFlowRun',
    summary: 'A run with its steps',
    description: 'A key that may only call sees them where it may call every connection.',
    scopes: ['read', 'call'],
    answer: flowRunSchema,
    problems: ['NOT_FOUND'],
  })
  async get(
    @Caller() { workspaceId, scopes, connections }: OpenedBy,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Res() response: Response,
  ): Promise<void> {
    // A key of some connections runs no flow, and has no run to look at.
    if (!scopes.includes('read') && connections !== null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run' });
    send(response, await this.runs.get({ workspaceId, id }));
  }

  @Post(':id\\:cancel')
  @HttpCode(200)
  @Operation({
    id: 'cancelFlowRun',
    summary: 'Begin no further step of a run',
    description: 'A call that is under way is not cut off, and what was made is not undone.',
    answer: flowRunSchema,
    problems: ['NOT_FOUND', 'RUN_NOT_ACTIVE', 'TEMPORAL_UNAVAILABLE'],
  })
  async cancel(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await this.runs.cancel({ workspaceId, id }));
  }
}
