import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import {
  dryRunSchema,
  dryRunViewSchema,
  flowCallSchema,
  flowRunSchema,
  flowSchema,
  flowVersionSchema,
  type DryRunBody,
  type FlowCall,
} from '../../../libs/contracts/flow-view.schema.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import { stringifyJson } from '../../../libs/json/index.js';
import { preferredWait } from '../actions/prefer.js';
import { idempotencyKeyOf, KeepsIdempotency } from '../http/idempotency.interceptor.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { FlowDryRunService } from './flow-dry-run.service.js';
import { FlowRunsService } from './flow-runs.service.js';
import { FlowsService } from './flows.service.js';

const DEFINITION = {
  required: true,
  schema: { $ref: '#/components/schemas/NewFlow' },
} as const;
const DESCRIPTION =
  'The body is the definition as JSON, or as `application/yaml`, whose mistakes are told with line and column. Expressions are compiled, and connections, actions and steps that it names are looked up, before anything is stored.';
const INVALID = [
  'INVALID_REQUEST',
  'FLOW_INVALID',
  'NAME_TAKEN',
  'VERSION_CONFLICT',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
] as const;

@ApiTags('flows')
@Controller('v1/flows')
export class FlowsController {
  constructor(
    @Inject(FlowsService) private readonly flows: FlowsService,
    @Inject(FlowRunsService) private readonly runs: FlowRunsService,
    @Inject(FlowDryRunService) private readonly dryRuns: FlowDryRunService,
  ) {}

  @Post()
  @ApiBody(DEFINITION)
  @Operation({
    id: 'addFlow',
    summary: 'Add a flow',
    description: DESCRIPTION,
    status: 201,
    answer: flowSchema,
    problems: INVALID,
    headers: { Location: 'Address of the flow.' },
  })
  async add(@Workspace() workspaceId: string, @Body() body: unknown, @Res({ passthrough: true }) response: Response) {
    const flow = await this.flows.create({ workspaceId, body });
    response.location(`/v1/flows/${flow.id}`);
    return flow;
  }

  @Get()
  @Operation({ id: 'listFlows', summary: 'Flows, oldest first', answer: pageOf(flowSchema), problems: ['VALIDATION_FAILED'] })
  list(@Workspace() workspaceId: string, @Query({ schema: pageQuerySchema }) query: PageQuery) {
    return this.flows.list({ workspaceId, query });
  }

  @Get(':id')
  @Operation({ id: 'getFlow', summary: 'A flow with its current definition', answer: flowSchema, problems: ['NOT_FOUND'] })
  get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.flows.get({ workspaceId, id });
  }

  @Put(':id')
  @ApiBody(DEFINITION)
  @Operation({
    id: 'replaceFlow',
    summary: 'Change a flow',
    description: `A new version, where anything changes; a run that is under way keeps the version that it began with. ${DESCRIPTION}`,
    answer: flowSchema,
    problems: ['NOT_FOUND', ...INVALID],
  })
  replace(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam, @Body() body: unknown) {
    return this.flows.replace({ workspaceId, id, body });
  }

  @Delete(':id')
  @HttpCode(204)
  @Operation({
    id: 'deleteFlow',
    summary: 'Delete a flow',
    description: 'Nothing starts it any more. Runs that are under way end by themselves, and all of them stay to be read.',
    status: 204,
    problems: ['NOT_FOUND'],
  })
  delete(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.flows.delete({ workspaceId, id });
  }

  @Get(':id/versions')
  @Operation({
    id: 'listFlowVersions',
    summary: 'Versions of a flow, newest first',
    answer: pageOf(flowVersionSchema),
    problems: ['NOT_FOUND', 'VALIDATION_FAILED'],
  })
  versions(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ) {
    return this.flows.versions({ workspaceId, id, query });
  }

  @Post(':id\\:enable')
  @HttpCode(200)
  @Operation({ id: 'enableFlow', summary: 'Let a flow be started', answer: flowSchema, problems: ['NOT_FOUND'] })
  enable(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.flows.setEnabled({ workspaceId, id, enabled: true });
  }

  @Post(':id\\:disable')
  @HttpCode(200)
  @Operation({
    id: 'disableFlow',
    summary: 'Let nothing start a flow',
    description: 'Runs that are under way go on. Events that come meanwhile are kept, and are not delivered to it later.',
    answer: flowSchema,
    problems: ['NOT_FOUND'],
  })
  disable(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.flows.setEnabled({ workspaceId, id, enabled: false });
  }

  @Post(':id\\:dry-run')
  @HttpCode(200)
  @Operation({
    id: 'dryRunFlow',
    summary: 'What a flow would do',
    description:
      'Which steps would be made for an input or event, and with which requests. Nothing is called and nothing is stored; what steps give may be sent as samples.',
    answer: dryRunViewSchema,
    problems: ['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE'],
  })
  async dryRun(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: dryRunSchema }) body: DryRunBody,
    @Res() response: Response,
  ): Promise<void> {
    response.type('application/json').send(stringifyJson(await this.dryRuns.dryRun({ workspaceId, id, body })));
  }

  @Post(':id/runs')
  @HttpCode(200)
  @KeepsIdempotency()
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key and input give the first run, for 30 days at least.',
  })
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`wait=N`: seconds to wait for the response (default 10, at most 60); `respond-async`: none.',
  })
  @Operation({
    id: 'runFlow',
    scopes: ['call'],
    summary: 'Run a flow that is started by requests',
    description:
      'Answers 200 with the run and its `response`, or 202 with the address of the run where it takes longer. A run that failed is answered with its own problem, which names the run.',
    answer: flowRunSchema,
    problems: [
      'CALLS_LIMITED',
      ...(['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'FLOW_DISABLED'] as const),
      ...(['IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_FLIGHT', 'FLOW_EXPRESSION_FAILED', 'FLOW_COMPENSATION_FAILED'] as const),
      ...(['ACTION_REFUSED', 'ACTION_GIVEN_UP', 'RUN_CANCELLED'] as const),
    ],
    headers: { Location: 'Address of the run.' },
  })
  async run(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: flowCallSchema }) { input }: FlowCall,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const wait = preferredWait(request.headers.prefer as string | undefined);
    const idempotencyKey = idempotencyKeyOf(request);
    const view = await this.runs.call({ workspaceId, flowId: id, input, idempotencyKey, wait });
    response.location(`/v1/flow-runs/${view.id}`).status(view.finished_at === null ? 202 : 200);
    response.type('application/json').send(stringifyJson(view));
  }
}
