import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import {
  eventDetailQuerySchema,
  eventQuerySchema,
  eventSchema,
  eventSummarySchema,
  replayedSchema,
  replayEventsSchema,
  type EventDetailQuery,
  type EventQuery,
  type ReplayEvents,
} from '../../../libs/contracts/event.schema.js';
import { pageOf } from '../../../libs/contracts/page.schema.js';
import { stringifyJson } from '../../../libs/json/index.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { EventsService } from './events.service.js';

@ApiTags('events')
@Controller('v1')
export class EventsController {
  constructor(@Inject(EventsService) private readonly events: EventsService) {}

  @Get('events')
  @Operation({
    id: 'listEvents',
    summary: 'What happened, newest first',
    answer: pageOf(eventSummarySchema),
    problems: ['VALIDATION_FAILED'],
  })
  list(@Workspace() workspaceId: string, @Query({ schema: eventQuerySchema }) query: EventQuery) {
    return this.events.list({ workspaceId, query });
  }

  @Get('events/:id')
  @Operation({
    id: 'getEvent',
    summary: 'An event and its deliveries to flows',
    answer: eventSchema,
    problems: ['NOT_FOUND', 'VALIDATION_FAILED'],
  })
  async get(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: eventDetailQuerySchema }) { body }: EventDetailQuery,
    @Res() response: Response,
  ): Promise<void> {
    const view = await this.events.get({ workspaceId, id, withBody: body === 'true' });
    // Numbers of the body keep their digits.
    response.type('application/json').send(stringifyJson(view));
  }

  @Post('events/:id\\:replay')
  @HttpCode(200)
  @Operation({
    id: 'replayEvent',
    summary: 'Give an event once more to the flows that are subscribed to it now',
    answer: replayedSchema,
    problems: ['NOT_FOUND'],
  })
  replay(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam) {
    return this.events.replay({ workspaceId, id });
  }

  @Post('events\\:replay')
  @HttpCode(200)
  @Operation({
    id: 'replayEvents',
    summary: 'Give the events of a filter once more to the flows that are subscribed to them now',
    answer: replayedSchema,
    problems: ['INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  replayAll(@Workspace() workspaceId: string, @Body({ schema: replayEventsSchema }) body: ReplayEvents) {
    return this.events.replayAll({ workspaceId, body });
  }
}
