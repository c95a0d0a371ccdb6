import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import {
  newWebhookEndpointSchema,
  rotateEndpointSchema,
  webhookEndpointChangesSchema,
  webhookEndpointSchema,
  webhookEndpointWithSecretSchema,
  type NewWebhookEndpoint,
  type RotateEndpoint,
  type WebhookEndpointChanges,
} from '../../../libs/contracts/webhook-endpoint.schema.js';
import { AnswerNotKept } from '../http/idempotency.interceptor.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';

@ApiTags('webhook endpoints')
@Controller('v1/webhook-endpoints')
export class WebhookEndpointsController {
  constructor(@Inject(WebhookEndpointsService) private readonly endpoints: WebhookEndpointsService) {}

  @Post()
  @AnswerNotKept()
  @Operation({
    id: 'createWebhookEndpoint',
    summary: 'Have an address told what becomes of runs and events',
    description:
      'Messages are those of Standard Webhooks: signed, with one `webhook-id` in every try, and tried ten times in three days. At least once: an id may come again.',
    status: 201,
    answer: webhookEndpointWithSecretSchema,
    problems: ['INVALID_REQUEST', 'VALIDATION_FAILED'],
    headers: { Location: 'Address of the webhook endpoint.' },
  })
  async create(
    @Workspace() workspaceId: string,
    @Body({ schema: newWebhookEndpointSchema }) body: NewWebhookEndpoint,
    @Res({ passthrough: true }) response: Response,
  ) {
    const view = await this.endpoints.create({ workspaceId, body });
    response.location(`/v1/webhook-endpoints/${view.id}`);
    return view;
  }

  @Get()
  @Operation({
    id: 'listWebhookEndpoints',
    summary: 'Webhook endpoints, oldest first',
    answer: pageOf(webhookEndpointSchema),
    problems: ['VALIDATION_FAILED'],
  })
  list(@Workspace() workspaceId: string, @Query({ schema: pageQuerySchema }) query: PageQuery) {
    return this.endpoints.list({ workspaceId, query });
  }

  @Get(':id')
  @Operation({ id: 'getWebhookEndpoint', summary: 'A webhook endpoint', answer: webhookEndpointSchema, problems: ['NOT_FOUND'] })
  get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.endpoints.get({ workspaceId, id });
  }

  @Patch(':id')
  @Operation({
    id: 'updateWebhookEndpoint',
    summary: 'Change a webhook endpoint; what is pending goes to its new address',
    answer: webhookEndpointSchema,
    problems: ['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  change(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: webhookEndpointChangesSchema }) body: WebhookEndpointChanges,
  ) {
    return this.endpoints.change({ workspaceId, id, body });
  }

  @Post(':id\\:rotate')
  @HttpCode(200)
  @AnswerNotKept()
  @Operation({
    id: 'rotateWebhookEndpoint',
    summary: 'Give a webhook endpoint another secret',
    description: 'For `overlap_seconds` messages are signed with both.',
    answer: webhookEndpointWithSecretSchema,
    problems: ['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  rotate(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: rotateEndpointSchema }) body: RotateEndpoint,
  ) {
    return this.endpoints.rotate({ workspaceId, id, body });
  }

  @Delete(':id')
  @HttpCode(204)
  @Operation({
    id: 'deleteWebhookEndpoint',
    summary: 'Delete a webhook endpoint with its deliveries',
    status: 204,
    problems: ['NOT_FOUND'],
  })
  async delete(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam): Promise<void> {
    await this.endpoints.delete({ workspaceId, id });
  }
}
