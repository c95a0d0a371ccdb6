import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import {
  connectorNameSchema,
  connectorSchema,
  connectorSummarySchema,
  connectorVersionsSchema,
  newConnectorSchema,
  putConnectorSchema,
} from '../../../libs/contracts/connector.schema.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import { CATALOG } from '../core/tokens.js';
import { Operation } from '../http/operation.decorator.js';
import { nameParamSchema, type NameParam } from '../http/params.schema.js';
import { SchemaPipe } from '../http/schema.pipe.js';
import { Workspace } from '../http/workspace.decorator.js';
import { ConnectorVersions } from './connector-versions.service.js';
import { ConnectorsService } from './connectors.service.js';

const yamlQuerySchema = z.strictObject({
  name: connectorNameSchema.optional().describe('The connector’s name, where the body is YAML.'),
  dry_run: z.stringbool().default(false).describe('Only tell what would change: nothing is stored.'),
});
const exampleManifest = {
  version: '6.1.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['orders'] },
  streams: [],
};

@ApiTags('connectors')
@Controller('v1/connectors')
export class ConnectorsController {
  private readonly body = new SchemaPipe();

  constructor(
    @Inject(ConnectorsService) private readonly connectors: ConnectorsService,
    @Inject(ConnectorVersions) private readonly lifecycle: ConnectorVersions,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
  ) {}

  @Post()
  @ApiBody({
    required: true,
    schema: { $ref: '#/components/schemas/NewConnector' },
    examples: { json: { value: { name: 'my-shop', manifest: exampleManifest } } },
  })
  @Operation({
    id: 'addConnector',
    summary: 'Add a connector, or a new version of one',
    description:
      'The body is JSON with name and manifest, or the manifest itself as `application/yaml` with `?name=`. At most 4 MiB. The version is the hash of the content: what is already current is answered with 200 and stays as it is. `changes` tells which syncs see something new, and how.',
    status: 201,
    answer: putConnectorSchema,
    problems: [
      'INVALID_REQUEST',
      'VALIDATION_FAILED',
      'MANIFEST_INVALID',
      'MANIFEST_UNSUPPORTED',
      'NAME_TAKEN',
      'PAYLOAD_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    headers: { Location: 'Address of the connector.' },
  })
  async add(
    @Workspace() workspaceId: string,
    @Query({ schema: yamlQuerySchema }) query: z.output<typeof yamlQuerySchema>,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ) {
    const named = typeof body === 'string' ? { name: query.name, manifest: this.catalog.parse(body) } : body;
    const connector = await this.body.transform(named, { type: 'body', schema: newConnectorSchema });
    const view = await this.connectors.put({
      ...{ workspaceId, dryRun: query.dry_run },
      ...(connector as z.output<typeof newConnectorSchema>),
    });
    response.location(`/v1/connectors/${view.name}`);
    if (view.dry_run || view.outcome === 'unchanged') response.status(200);
    return view;
  }

  @Get()
  @Operation({
    id: 'listConnectors',
    summary: 'Connectors by name',
    answer: pageOf(connectorSummarySchema),
    problems: ['VALIDATION_FAILED'],
  })
  list(@Workspace() workspaceId: string, @Query({ schema: pageQuerySchema }) query: PageQuery) {
    return this.connectors.list({ workspaceId, query });
  }

  @Get(':name/versions')
  @Operation({
    id: 'getConnectorVersions',
    summary: 'Versions of a connector, and what the provider will retire',
    description: 'Answers with `Deprecation` or `Sunset` headers are noticed whatever calls they answer.',
    answer: connectorVersionsSchema,
    problems: ['NOT_FOUND'],
  })
  versions(@Workspace() workspaceId: string, @Param({ schema: nameParamSchema }) { name }: NameParam) {
    return this.lifecycle.get({ workspaceId, name });
  }

  @Get(':name')
  @Operation({
    id: 'getConnector',
    summary: 'A connector with its specification and streams',
    answer: connectorSchema,
    problems: ['NOT_FOUND'],
  })
  get(@Workspace() workspaceId: string, @Param({ schema: nameParamSchema }) { name }: NameParam) {
    return this.connectors.get({ workspaceId, name });
  }
}
