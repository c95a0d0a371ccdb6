import { Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import {
  runLogEntrySchema,
  runQuerySchema,
  runSchema,
  startedRunSchema,
  type RunQuery,
} from '../../../libs/contracts/run.schema.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { RunsService } from './runs.service.js';

@ApiTags('runs')
@Controller('v1/runs')
export class RunsController {
  constructor(@Inject(RunsService) private readonly runs: RunsService) {}

  @Get()
  @Operation({ id: 'listRuns', summary: 'Runs, newest first', answer: pageOf(runSchema), problems: ['VALIDATION_FAILED'] })
  list(@Workspace() workspaceId: string, @Query({ schema: runQuerySchema }) query: RunQuery) {
    return this.runs.list({ workspaceId, query });
  }

  @Get(':id')
  @Operation({
    id: 'getRun',
    summary: 'A run: state, progress, counts, waits, errors',
    answer: runSchema,
    problems: ['NOT_FOUND'],
  })
  get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.runs.get({ workspaceId, id });
  }

  @Get(':id/log')
  @Operation({
    id: 'getRunLog',
    summary: 'What happened in a run, oldest first',
    answer: pageOf(runLogEntrySchema),
    problems: ['NOT_FOUND', 'VALIDATION_FAILED'],
  })
  log(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ) {
    return this.runs.log({ workspaceId, id, query });
  }

  @Post(':id\\:cancel')
  @HttpCode(202)
  @Operation({
    id: 'cancelRun',
    summary: 'End a run; what was committed stays',
    status: 202,
    answer: startedRunSchema,
    problems: ['NOT_FOUND', 'RUN_NOT_ACTIVE', 'TEMPORAL_UNAVAILABLE'],
  })
  cancel(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.runs.command({ workspaceId, id, command: 'cancel' });
  }

  @Post(':id\\:pause')
  @HttpCode(202)
  @Operation({
    id: 'pauseRun',
    summary: 'Pause a run at its next commit',
    status: 202,
    answer: startedRunSchema,
    problems: ['NOT_FOUND', 'RUN_NOT_ACTIVE', 'TEMPORAL_UNAVAILABLE'],
  })
  pause(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.runs.command({ workspaceId, id, command: 'pause' });
  }

  @Post(':id\\:resume')
  @HttpCode(202)
  @Operation({
    id: 'resumeRun',
    summary: 'Go on with a paused run',
    status: 202,
    answer: startedRunSchema,
    problems: ['NOT_FOUND', 'RUN_NOT_ACTIVE', 'TEMPORAL_UNAVAILABLE'],
  })
  resume(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.runs.command({ workspaceId, id, command: 'resume' });
  }

  @Post(':id\\:retry')
  @HttpCode(202)
  @Operation({
    id: 'retryRun',
    summary: 'A new run in place of one that ended without success',
    status: 202,
    answer: startedRunSchema,
    problems: ['NOT_FOUND', 'RUN_ACTIVE', 'RUN_NOT_ACTIVE', 'TEMPORAL_UNAVAILABLE'],
    headers: { Location: 'Address of the new run.' },
  })
  async retry(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Res({ passthrough: true }) response: Response,
  ) {
    const run = await this.runs.command({ workspaceId, id, command: 'retry' });
    response.location(`/v1/runs/${run.id}`);
    return run;
  }
}
