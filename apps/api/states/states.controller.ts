import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { pageOf } from '../../../libs/contracts/page.schema.js';
import {
  newSyncStateSchema,
  replayStateSchema,
  restoreStateSchema,
  stateChangeSchema,
  stateHistoryQuerySchema,
  stateQuerySchema,
  syncStateSchema,
  type NewSyncState,
  type ReplayState,
  type RestoreState,
  type StateHistoryQuery,
  type StateQuery,
} from '../../../libs/contracts/state.schema.js';
import type { ErrorCode } from '../../../libs/errors/index.js';
import { stringifyJson } from '../../../libs/json/index.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { StatesService } from './states.service.js';

const ENDS: readonly ErrorCode[] = ['NOT_FOUND', 'DESTINATION_UNREACHABLE', 'DESTINATION_UNSUPPORTED'];
const CHANGES: readonly ErrorCode[] = [
  ...ENDS,
  'INVALID_REQUEST',
  'VALIDATION_FAILED',
  'STATE_INVALID',
  'RUN_ACTIVE',
  'VERSION_CONFLICT',
];

/** Answers are written by hand, so that a state's numbers keep their digits. */
const JSON_TYPE = ['Content-Type', 'application/json; charset=utf-8'] as const;

@ApiTags('states')
@Controller('v1/syncs/:id')
export class StatesController {
  constructor(@Inject(StatesService) private readonly states: StatesService) {}

  @Get('state')
  @Header(...JSON_TYPE)
  @Operation({
    id: 'getSyncState',
    summary: 'The states of a sync’s streams, as they lie at the destination',
    answer: syncStateSchema,
    problems: ENDS,
  })
  async get(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: stateQuerySchema }) { lane }: StateQuery,
  ) {
    return stringifyJson(await this.states.get({ workspaceId, id, lane }));
  }

  @Put('state')
  @Header(...JSON_TYPE)
  @Operation({
    id: 'setSyncState',
    summary: 'Set states by hand',
    description:
      'All streams or some, all or none; refused while a run is active. The next run reads from these states: what an interrupted run had left to be completed is forgotten.',
    answer: syncStateSchema,
    problems: CHANGES,
  })
  async set(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: stateQuerySchema }) { lane }: StateQuery,
    @Body({ schema: newSyncStateSchema }) body: NewSyncState,
  ) {
    return stringifyJson(await this.states.set({ workspaceId, id, lane, body }));
  }

  @Get('state/history')
  @Header(...JSON_TYPE)
  @Operation({
    id: 'listStateHistory',
    summary: 'The states that a stream had, newest first',
    description: 'The last 100 changes of 90 days are kept, 64 MB of them at most; the present one always.',
    answer: pageOf(stateChangeSchema),
    problems: [...ENDS, 'VALIDATION_FAILED'],
  })
  async history(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Query({ schema: stateHistoryQuerySchema }) query: StateHistoryQuery,
  ) {
    return stringifyJson(await this.states.history({ workspaceId, id, query }));
  }

  @Post('state\\:restore')
  @HttpCode(200)
  @Header(...JSON_TYPE)
  @Operation({
    id: 'restoreState',
    summary: 'Go back to an earlier state of a stream',
    description: 'The next run reads again what came after it. An append appends again what it reads again.',
    answer: syncStateSchema,
    problems: CHANGES,
  })
  async restore(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: restoreStateSchema }) body: RestoreState,
  ) {
    return stringifyJson(await this.states.restore({ workspaceId, id, body }));
  }

  @Post('state\\:replay')
  @HttpCode(200)
  @Header(...JSON_TYPE)
  @Operation({
    id: 'replayState',
    summary: 'Read streams again from a value of their cursor on',
    description: 'Where the source can make such a state. An append appends again what it reads again.',
    answer: syncStateSchema,
    problems: [...CHANGES, 'STATE_NOT_POSSIBLE'],
  })
  async replay(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: replayStateSchema }) body: ReplayState,
  ) {
    return stringifyJson(await this.states.replay({ workspaceId, id, body }));
  }
}
