import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import { newRunSchema, startedRunSchema, type NewRun } from '../../../libs/contracts/run.schema.js';
import { syncForecastSchema } from '../../../libs/contracts/sync-forecast.schema.js';
import {
  newSyncSchema,
  syncPatchSchema,
  syncSchema,
  syncVersionSchema,
  type NewSync,
  type SyncPatch,
} from '../../../libs/contracts/sync.schema.js';
import type { ErrorCode } from '../../../libs/errors/index.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, streamParamSchema, type IdParam, type StreamParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { RunsService } from '../runs/runs.service.js';
import { DeleteSync } from './delete-sync.service.js';
import { SyncForecast } from './sync-forecast.service.js';
import { SyncsService } from './syncs.service.js';

const SPEC_PROBLEMS: readonly ErrorCode[] = [
  ...([
    'INVALID_REQUEST',
    'VALIDATION_FAILED',
    'UNKNOWN_STREAM',
    'STREAM_UNAVAILABLE',
    'UNSUPPORTED_MODE',
    'PRIMARY_KEY_MISSING',
    'CURSOR_MISSING',
  ] as const),
  ...(['INVALID_SCHEDULE', 'NAME_TAKEN', 'SOURCE_UNREACHABLE', 'VERSION_CONFLICT'] as const),
];
const forceSchema = z.strictObject({
  force: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true: delete also when the destination cannot be reached; its tables then stay claimed.'),
});

@ApiTags('syncs')
@Controller('v1/syncs')
export class SyncsController {
  constructor(
    @Inject(SyncsService) private readonly syncs: SyncsService,
    @Inject(DeleteSync) private readonly deletion: DeleteSync,
    @Inject(SyncForecast) private readonly forecast: SyncForecast,
    @Inject(RunsService) private readonly runs: RunsService,
  ) {}

  @Post()
  @Operation({
    id: 'createSync',
    summary: 'Define what to move from where to where',
    description: 'Streams, modes, keys and cursors are checked against what the source offers.',
    status: 201,
    answer: syncSchema,
    problems: SPEC_PROBLEMS,
    headers: { Location: 'Address of the sync.' },
  })
  async create(
    @Workspace() workspaceId: string,
    @Body({ schema: newSyncSchema }) body: NewSync,
    @Res({ passthrough: true }) response: Response,
  ) {
    const view = await this.syncs.create({ workspaceId, body });
    response.location(`/v1/syncs/${view.id}`);
    return view;
  }

  @Get()
  @Operation({ id: 'listSyncs', summary: 'Syncs, oldest first', answer: pageOf(syncSchema), problems: ['VALIDATION_FAILED'] })
  list(@Workspace() workspaceId: string, @Query({ schema: pageQuerySchema }) query: PageQuery) {
    return this.syncs.list({ workspaceId, query });
  }

  @Get(':id')
  @Operation({ id: 'getSync', summary: 'A sync', answer: syncSchema, problems: ['NOT_FOUND'] })
  get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.syncs.get({ workspaceId, id });
  }

  @Get(':id/forecast')
  @Operation({
    id: 'forecastSync',
    summary: 'What a run of a sync would take, in calls and time, if it began now',
    description:
      'Concluded from earlier runs that did the same, the limits of the source’s budget, and what is used of them now. What there is nothing to conclude from is null.',
    answer: syncForecastSchema,
    problems: ['NOT_FOUND', 'CONFIG_INVALID'],
  })
  forecastOf(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.forecast.get({ workspaceId, id });
  }

  @Get(':id/versions')
  @Operation({
    id: 'listSyncVersions',
    summary: 'Versions of a sync, newest first',
    answer: pageOf(syncVersionSchema),
    problems: ['NOT_FOUND', 'VALIDATION_FAILED'],
  })
  versions(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ) {
    return this.syncs.versions({ workspaceId, id, query });
  }

  @Patch(':id')
  @Operation({
    id: 'changeSync',
    summary: 'Change a sync',
    description:
      'A change of streams makes a new version, which the next run uses. Key, cursor, mode and target of a stream change only with a reset of it.',
    answer: syncSchema,
    problems: [...SPEC_PROBLEMS, 'NOT_FOUND', 'RESET_REQUIRED', 'IN_USE'],
  })
  patch(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: syncPatchSchema }) body: SyncPatch,
  ) {
    return this.syncs.patch({ workspaceId, id, body });
  }

  @Delete(':id')
  @HttpCode(204)
  @Operation({
    id: 'deleteSync',
    summary: 'Delete a sync; its tables stay with their rows',
    status: 204,
    problems: ['NOT_FOUND', 'RUN_ACTIVE', 'IN_USE', 'DESTINATION_UNREACHABLE'],
  })
  delete(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: forceSchema }) { force }: z.output<typeof forceSchema>,
  ) {
    return this.deletion.delete({ workspaceId, id, force: force === 'true' });
  }

  @Post(':id/runs')
  @HttpCode(202)
  @Operation({
    id: 'startRun',
    summary: 'Start a run',
    status: 202,
    answer: startedRunSchema,
    problems: [
      'NOT_FOUND',
      'VALIDATION_FAILED',
      'RUN_ACTIVE',
      'TEMPORAL_UNAVAILABLE',
      'IDEMPOTENCY_KEY_REUSED',
      'IDEMPOTENCY_IN_FLIGHT',
    ],
    headers: { Location: 'Address of the run.' },
  })
  async start(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: newRunSchema }) body: NewRun,
    @Res({ passthrough: true }) response: Response,
  ) {
    const run = await this.runs.start({ workspaceId, id, reset: body?.reset ?? [] });
    response.location(`/v1/runs/${run.id}`);
    return run;
  }

  @Post(':id/streams/:name\\:reset')
  @HttpCode(202)
  @Operation({
    id: 'resetStream',
    summary: 'Load one stream anew, by a run of the sync',
    description:
      'As `reset` of a run: the stream is loaded beside its table, whose rows are seen until the run has finished; the other streams go on from where they were.',
    status: 202,
    answer: startedRunSchema,
    problems: ['NOT_FOUND', 'VALIDATION_FAILED', 'RUN_ACTIVE', 'TEMPORAL_UNAVAILABLE'],
    headers: { Location: 'Address of the run.' },
  })
  async reset(
    @Workspace() workspaceId: string,
    @Param({ schema: streamParamSchema }) { id, name }: StreamParam,
    @Res({ passthrough: true }) response: Response,
  ) {
    const run = await this.runs.start({ workspaceId, id, reset: [name] });
    response.location(`/v1/runs/${run.id}`);
    return run;
  }
}
