import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { pageOf } from '../../../libs/contracts/page.schema.js';
import {
  findingQuerySchema,
  findingSchema,
  newVerificationSchema,
  verificationSchema,
  type FindingQuery,
  type NewVerification,
} from '../../../libs/contracts/verification.schema.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { VerificationsService } from './verifications.service.js';

@ApiTags('verifications')
@Controller('v1/syncs')
export class SyncVerificationsController {
  constructor(@Inject(VerificationsService) private readonly verifications: VerificationsService) {}

  @Post(':id\\:verify')
  @HttpCode(202)
  @Operation({
    id: 'verifySync',
    summary: 'Look whether the tables of a sync are what they should be',
    description:
      'Ledger, checkpoints, layout and rows of each table; with `source` every row against what the source has now, and with `repair` what is missing or differs is loaded again. It runs as a workflow.',
    status: 202,
    answer: verificationSchema,
    problems: ['NOT_FOUND', 'VALIDATION_FAILED', 'RUN_ACTIVE', 'VERIFICATION_ACTIVE', 'TEMPORAL_UNAVAILABLE'],
    headers: { Location: 'Address of the verification.' },
  })
  async start(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: newVerificationSchema }) body: NewVerification,
    @Res({ passthrough: true }) response: Response,
  ) {
    const view = await this.verifications.start({ workspaceId, id, body });
    response.location(`/v1/verifications/${view.id}`);
    return view;
  }
}

@ApiTags('verifications')
@Controller('v1/verifications')
export class VerificationsController {
  constructor(@Inject(VerificationsService) private readonly verifications: VerificationsService) {}

  @Get(':id')
  @Operation({
    id: 'getVerification',
    summary: 'A verification: how far it is and what was found, in numbers',
    answer: verificationSchema,
    problems: ['NOT_FOUND'],
  })
  get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.verifications.get({ workspaceId, id });
  }

  @Get(':id/findings')
  @Operation({
    id: 'listFindings',
    summary: 'What was found, with the keys of rows',
    description: 'At most 10,000 a stream are named; the verification counts all of them.',
    answer: pageOf(findingSchema),
    problems: ['NOT_FOUND', 'VALIDATION_FAILED'],
  })
  findings(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: findingQuerySchema }) query: FindingQuery,
  ) {
    return this.verifications.findings({ workspaceId, id, query });
  }
}
