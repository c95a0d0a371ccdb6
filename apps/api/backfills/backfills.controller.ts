import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { newBackfillSchema, startedBackfillSchema, type NewBackfill } from '../../../libs/contracts/backfill.schema.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { BackfillsService } from './backfills.service.js';

@ApiTags('backfills')
@Controller('v1/syncs')
export class BackfillsController {
  constructor(@Inject(BackfillsService) private readonly backfills: BackfillsService) {}

  @Post(':id/backfills')
  @HttpCode(202)
  @Operation({
    id: 'startBackfill',
    summary: 'Read a range of streams again, beside the live runs',
    description:
      'A run in a lane of its own: the live lane goes on, its state stays as it is, and what is older by its cursor never replaces what is newer. It is seen, paused, cancelled and retried as any run.',
    status: 202,
    answer: startedBackfillSchema,
    problems: [
      ...(['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED', 'BACKFILL_NOT_POSSIBLE', 'STATE_NOT_POSSIBLE'] as const),
      ...(['STATE_INVALID', 'DESTINATION_UNREACHABLE', 'TEMPORAL_UNAVAILABLE'] as const),
    ],
    headers: { Location: 'Address of the run.' },
  })
  async start(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: newBackfillSchema }) body: NewBackfill,
    @Res({ passthrough: true }) response: Response,
  ) {
    const started = await this.backfills.start({ workspaceId, id, body });
    response.location(`/v1/runs/${started.id}`);
    return started;
  }
}
