import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { pageOf } from '../../../libs/contracts/page.schema.js';
import {
  quarantinedRecordSchema,
  quarantineQuerySchema,
  type QuarantineQuery,
} from '../../../libs/contracts/quarantine.schema.js';
import { stringifyJson } from '../../../libs/json/index.js';
import { Operation } from '../http/operation.decorator.js';
import { Workspace } from '../http/workspace.decorator.js';
import { QuarantineService } from './quarantine.service.js';

@ApiTags('quarantine')
@Controller('v1/quarantine')
export class QuarantineController {
  constructor(@Inject(QuarantineService) private readonly quarantine: QuarantineService) {}

  /** Written by hand, so that the records' numbers keep their digits. */
  @Get()
  @Header('Content-Type', 'application/json; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  @Operation({
    id: 'listQuarantine',
    summary: 'Records that were kept aside, newest first in each destination',
    description:
      'They lie at the destinations, which are asked one after the other. A page is shorter than `limit` where its records are large or a destination has no more: go on while there is a `next_cursor`.',
    answer: pageOf(quarantinedRecordSchema),
    problems: ['NOT_FOUND', 'VALIDATION_FAILED', 'DESTINATION_UNREACHABLE', 'DESTINATION_UNSUPPORTED'],
  })
  async list(@Workspace() workspaceId: string, @Query({ schema: quarantineQuerySchema }) query: QuarantineQuery) {
    return stringifyJson(await this.quarantine.list({ workspaceId, query }));
  }
}
