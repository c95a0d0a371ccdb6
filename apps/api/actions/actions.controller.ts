import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  actionCallSchema,
  actionRunQuerySchema,
  actionRunSchema,
  actionRunSummarySchema,
  actionsViewSchema,
  resolveActionSchema,
  type ActionCallBody,
  type ActionRunQuery,
  type ActionRunView,
  type ResolveAction,
} from '../../../libs/contracts/action.schema.js';
import { jsonObjectSchema } from '../../../libs/contracts/connector.schema.js';
import { pageOf } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { stringifyJson } from '../../../libs/json/index.js';
import type { OpenedBy } from '../../../libs/store/index.js';
import { idempotencyKeyOf, KeepsIdempotency } from '../http/idempotency.interceptor.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, nameParamSchema, type IdParam, type NameParam } from '../http/params.schema.js';
import { Caller, Workspace } from '../http/workspace.decorator.js';
import { ActionsService } from './actions.service.js';
import { preferredWait } from './prefer.js';

const callParamSchema = z.object({
  id: z.uuid().describe('Id of the connection.'),
  name: z.string().min(1).max(63).describe('Name of the action.'),
});
type CallParam = z.output<typeof callParamSchema>;

/** A result's numbers keep their digits. */
const send = (response: Response, view: ActionRunView): void => {
  response.type('application/json').send(stringifyJson(view));
};

@ApiTags('actions')
@Controller('v1/connectors')
export class ConnectorActionsController {
  constructor(@Inject(ActionsService) private readonly actions: ActionsService) {}

  @Get(':name/actions')
  @Operation({
    id: 'listActions',
    summary: 'What a connector lets you call, with schemas',
    answer: actionsViewSchema,
    problems: ['NOT_FOUND'],
  })
  list(@Workspace() workspaceId: string, @Param({ schema: nameParamSchema }) { name }: NameParam) {
    return this.actions.actionsOf({ workspaceId, name });
  }

  @Get(':name/openapi.json')
  @Operation({
    id: 'describeActions',
    summary: 'A connector’s actions as an OpenAPI 3.1 document, an operation each, to make clients of',
    answer: jsonObjectSchema,
    problems: ['NOT_FOUND'],
  })
  document(@Workspace() workspaceId: string, @Param({ schema: nameParamSchema }) { name }: NameParam) {
    return this.actions.document({ workspaceId, name });
  }
}

@ApiTags('actions')
@Controller('v1/connections')
export class CallController {
  constructor(@Inject(ActionsService) private readonly actions: ActionsService) {}

  @Post(':id/actions/:name')
  @HttpCode(200)
  @KeepsIdempotency()
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key and input give the first result, for 30 days at least.',
  })
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`wait=N`: seconds to wait for the result (default 10, at most 60); `respond-async`: none.',
  })
  @Operation({
    id: 'callAction',
    summary: 'Call a function of another system, once',
    scopes: ['call'],
    description:
      'Answers 200 with the result, or 202 with the address of the run where it takes longer. A call that failed is answered with its own problem, which names the run. Whatever crashes, the call is made once where the provider has a key or a lookup, and at most once elsewhere; where nobody knows the answer is `OUTCOME_UNKNOWN`.',
    answer: actionRunSchema,
    problems: [
      ...(['NOT_FOUND', 'UNKNOWN_ACTION', 'INVALID_REQUEST', 'VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE'] as const),
      ...(['IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_FLIGHT', 'ACTION_REFUSED', 'ACTION_GIVEN_UP', 'OUTCOME_UNKNOWN'] as const),
      ...(['SOURCE_AUTH_FAILED', 'CONFIG_INVALID', 'EGRESS_REFUSED', 'CALLS_LIMITED'] as const),
    ],
    headers: {
      Location: 'Address of the run.',
      'RateLimit-Policy': 'Where the key has a limit: calls (`q`) in a window of seconds (`w`).',
      RateLimit: 'Where the key has a limit: calls that are left (`r`), and seconds until all are (`t`).',
    },
  })
  async call(
    @Workspace() workspaceId: string,
    @Param({ schema: callParamSchema }) { id, name }: CallParam,
    @Body({ schema: actionCallSchema }) { input }: ActionCallBody,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const wait = preferredWait(request.headers.prefer as string | undefined);
    const idempotencyKey = idempotencyKeyOf(request);
    const view = await this.actions.call({ workspaceId, connectionId: id, action: name, input, idempotencyKey, wait });
    response.location(`/v1/action-runs/${view.id}`).status(view.state === 'succeeded' ? 200 : 202);
    send(response, view);
  }
}

@ApiTags('actions')
@Controller('v1/action-runs')
export class ActionRunsController {
  constructor(@Inject(ActionsService) private readonly actions: ActionsService) {}

  @Get()
  @Operation({
    id: 'listActionRuns',
    summary: 'Calls of actions, newest first',
    answer: pageOf(actionRunSummarySchema),
    problems: ['VALIDATION_FAILED'],
  })
  list(@Workspace() workspaceId: string, @Query({ schema: actionRunQuerySchema }) query: ActionRunQuery) {
    return this.actions.list({ workspaceId, query });
  }

  @Get(':id')
  @Operation({
    id: 'getActionRun',
    summary: 'A call: its result, and the ledger of its tries',
    description: 'A key that may only call sees the runs of its connections.',
    scopes: ['read', 'call'],
    answer: actionRunSchema,
    problems: ['NOT_FOUND'],
  })
  async get(
    @Caller() caller: OpenedBy,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Res() response: Response,
  ): Promise<void> {
    const view = await this.actions.get({ workspaceId: caller.workspaceId, id });
    const isHidden = !caller.scopes.includes('read') && caller.connections?.includes(view.connection_id) === false;
    if (isHidden) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run' });
    send(response, view);
  }

  @Post(':id\\:resolve')
  @HttpCode(200)
  @Operation({
    id: 'resolveActionRun',
    summary: 'Say what became of a call of which nobody knew',
    description: 'Of a run in `outcome_unknown`, after looking at the provider. `not_sent` makes the call again.',
    answer: actionRunSchema,
    problems: ['NOT_FOUND', 'VALIDATION_FAILED', 'RUN_NOT_ACTIVE'],
  })
  async resolve(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Body({ schema: resolveActionSchema }) body: ResolveAction,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await this.actions.resolve({ workspaceId, id, body }));
  }
}
