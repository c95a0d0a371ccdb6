import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { pageOf } from '../../../libs/contracts/page.schema.js';
import {
  endpointDeliveriesReplayedSchema,
  endpointDeliveryQuerySchema,
  endpointDeliverySchema,
  replayEndpointDeliveriesSchema,
  type EndpointDeliveryQuery,
  type ReplayEndpointDeliveries,
} from '../../../libs/contracts/webhook-endpoint.schema.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { EndpointDeliveriesService } from './endpoint-deliveries.service.js';

const deliveryParamSchema = z.object({
  id: z.uuid().describe('Id of the endpoint.'),
  deliveryId: z.uuid().describe('Id of the delivery.'),
});
type DeliveryParam = z.output<typeof deliveryParamSchema>;

@ApiTags('webhook endpoints')
@Controller('v1/webhook-endpoints')
export class EndpointDeliveriesController {
  constructor(@Inject(EndpointDeliveriesService) private readonly deliveries: EndpointDeliveriesService) {}

  @Post(':id\\:test')
  @HttpCode(202)
  @Operation({
    id: 'testWebhookEndpoint',
    summary: 'Send a webhook endpoint a `ping`',
    status: 202,
    answer: endpointDeliverySchema,
    problems: ['NOT_FOUND', 'ENDPOINT_DISABLED'],
  })
  test(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.deliveries.test({ workspaceId, id });
  }

  @Get(':id/deliveries')
  @Operation({
    id: 'listWebhookEndpointDeliveries',
    summary: 'What a webhook endpoint was told and is to be told, newest first',
    answer: pageOf(endpointDeliverySchema),
    problems: ['NOT_FOUND', 'VALIDATION_FAILED'],
  })
  list(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: endpointDeliveryQuerySchema }) query: EndpointDeliveryQuery,
  ) {
    return this.deliveries.list({ workspaceId, id, query });
  }

  @Post(':id/deliveries/:deliveryId\\:replay')
  @HttpCode(200)
  @Operation({
    id: 'replayWebhookEndpointDelivery',
    summary: 'Try a delivery again, at once and from the beginning, with the same id',
    answer: endpointDeliverySchema,
    problems: ['NOT_FOUND', 'ENDPOINT_DISABLED'],
  })
  replay(@Workspace() workspaceId: string, @Param({ schema: deliveryParamSchema }) { id, deliveryId }: DeliveryParam) {
    return this.deliveries.replay({ workspaceId, id, deliveryId });
  }

  @Post(':id/deliveries\\:replay')
  @HttpCode(200)
  @Operation({
    id: 'replayWebhookEndpointDeliveries',
    summary: 'Try all deliveries of a filter again, by default those that failed',
    answer: endpointDeliveriesReplayedSchema,
    problems: ['NOT_FOUND', 'ENDPOINT_DISABLED', 'INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  replayAll(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: replayEndpointDeliveriesSchema }) body: ReplayEndpointDeliveries,
  ) {
    return this.deliveries.replayAll({ workspaceId, id, body });
  }
}
