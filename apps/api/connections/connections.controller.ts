import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import {
  checkResultSchema,
  connectionPatchSchema,
  connectionSchema,
  newConnectionSchema,
  streamDescriptionSchema,
  type ConnectionPatch,
  type NewConnection,
} from '../../../libs/contracts/connection.schema.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { ConnectionsService } from './connections.service.js';
import { ProbeService } from './probe.service.js';

const streamsSchema = z.object({ data: z.array(streamDescriptionSchema) });

@ApiTags('connections')
@Controller('v1/connections')
export class ConnectionsController {
  constructor(
    @Inject(ConnectionsService) private readonly connections: ConnectionsService,
    @Inject(ProbeService) private readonly probe: ProbeService,
  ) {}

  @Post()
  @Operation({
    id: 'createConnection',
    summary: 'Connect an account at an external system',
    description:
      'The configuration is checked against the connector’s specification; nothing is called. Secrets are stored encrypted.',
    status: 201,
    answer: connectionSchema,
    problems: [
      'INVALID_REQUEST',
      'VALIDATION_FAILED',
      'CONFIG_INVALID',
      'NAME_TAKEN',
      'IDEMPOTENCY_KEY_REUSED',
      'IDEMPOTENCY_IN_FLIGHT',
    ],
    headers: { Location: 'Address of the connection.' },
  })
  async create(
    @Workspace() workspaceId: string,
    @Body({ schema: newConnectionSchema }) body: NewConnection,
    @Res({ passthrough: true }) response: Response,
  ) {
    const view = await this.connections.create({ workspaceId, body });
    response.location(`/v1/connections/${view.id}`);
    return view;
  }

  @Get()
  @Operation({
    id: 'listConnections',
    summary: 'Connections, oldest first',
    answer: pageOf(connectionSchema),
    problems: ['VALIDATION_FAILED'],
  })
  list(@Workspace() workspaceId: string, @Query({ schema: pageQuerySchema }) query: PageQuery) {
    return this.connections.list({ workspaceId, query });
  }

  @Get(':id')
  @Operation({ id: 'getConnection', summary: 'A connection', answer: connectionSchema, problems: ['NOT_FOUND'] })
  get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.connections.get({ workspaceId, id });
  }

  @Patch(':id')
  @Operation({
    id: 'changeConnection',
    summary: 'Change a connection',
    answer: connectionSchema,
    problems: ['INVALID_REQUEST', 'VALIDATION_FAILED', 'CONFIG_INVALID', 'NOT_FOUND', 'VERSION_CONFLICT', 'NAME_TAKEN'],
  })
  patch(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: connectionPatchSchema }) body: ConnectionPatch,
  ) {
    return this.connections.patch({ workspaceId, id, body });
  }

  @Delete(':id')
  @HttpCode(204)
  @Operation({
    id: 'deleteConnection',
    summary: 'Delete a connection and its credentials',
    status: 204,
    problems: ['NOT_FOUND', 'IN_USE'],
  })
  delete(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.connections.delete({ workspaceId, id });
  }

  @Post(':id\\:check')
  @HttpCode(200)
  @Operation({
    id: 'checkConnection',
    summary: 'Try whether the connection works',
    description: 'Makes one cheap authenticated call. What it found is in the answer, also when it is bad.',
    answer: checkResultSchema,
    problems: ['NOT_FOUND'],
  })
  check(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.probe.check({ workspaceId, id });
  }

  @Get(':id/streams')
  @Operation({
    id: 'discoverStreams',
    summary: 'Streams that the connection offers',
    answer: streamsSchema,
    problems: ['NOT_FOUND', 'VALIDATION_FAILED', 'CONFIG_INVALID', 'SOURCE_AUTH_FAILED', 'SOURCE_UNREACHABLE', 'EGRESS_REFUSED'],
  })
  async streams(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return { data: await this.probe.streams({ workspaceId, id }) };
  }
}
