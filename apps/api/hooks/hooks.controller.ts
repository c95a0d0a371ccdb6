import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import {
  hookChangeSchema,
  hookSchema,
  hookWithSecretSchema,
  newHookSchema,
  rotateHookSchema,
  webhooksViewSchema,
  type HookChange,
  type NewHook,
  type RotateHook,
} from '../../../libs/contracts/hook.schema.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import { AnswerNotKept } from '../http/idempotency.interceptor.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, nameParamSchema, type IdParam, type NameParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { HooksService } from './hooks.service.js';

const hookParamSchema = z.object({
  id: z.uuid().describe('Id of the connection.'),
  hookId: z.uuid().describe('Id of the hook.'),
});
type HookParam = z.output<typeof hookParamSchema>;

@ApiTags('hooks')
@Controller('v1/connectors')
export class ConnectorWebhooksController {
  constructor(@Inject(HooksService) private readonly hooks: HooksService) {}

  @Get(':name/webhooks')
  @Operation({
    id: 'listWebhooks',
    summary: 'What a connector’s provider sends when something happens',
    answer: webhooksViewSchema,
    problems: ['NOT_FOUND'],
  })
  list(@Workspace() workspaceId: string, @Param({ schema: nameParamSchema }) { name }: NameParam) {
    return this.hooks.webhooksOf({ workspaceId, name });
  }
}

@ApiTags('hooks')
@Controller('v1/connections')
export class HooksController {
  constructor(@Inject(HooksService) private readonly hooks: HooksService) {}

  @Post(':id/hooks')
  @AnswerNotKept()
  @Operation({
    id: 'createHook',
    summary: 'Make an address at which a provider tells what happens',
    status: 201,
    answer: hookWithSecretSchema,
    problems: ['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED'],
    headers: { Location: 'Address of the hook.' },
  })
  async create(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id: connectionId }: IdParam,
    @Body({ schema: newHookSchema }) body: NewHook,
    @Res({ passthrough: true }) response: Response,
  ) {
    const view = await this.hooks.create({ workspaceId, connectionId, body });
    response.location(`/v1/connections/${connectionId}/hooks/${view.id}`);
    return view;
  }

  @Get(':id/hooks')
  @Operation({
    id: 'listHooks',
    summary: 'Hooks of a connection, oldest first',
    answer: pageOf(hookSchema),
    problems: ['NOT_FOUND', 'VALIDATION_FAILED'],
  })
  list(
    @Workspace() workspaceId: string,
    @Param({ schema: idParamSchema }) { id: connectionId }: IdParam,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ) {
    return this.hooks.list({ workspaceId, connectionId, query });
  }

  @Get(':id/hooks/:hookId')
  @Operation({ id: 'getHook', summary: 'A hook', answer: hookSchema, problems: ['NOT_FOUND'] })
  get(@Workspace() workspaceId: string, @Param({ schema: hookParamSchema }) { id: connectionId, hookId: id }: HookParam) {
    return this.hooks.get({ workspaceId, connectionId, id });
  }

  @Patch(':id/hooks/:hookId')
  @Operation({
    id: 'updateHook',
    summary: 'Change how many requests a minute a hook takes',
    answer: hookSchema,
    problems: ['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  change(
    @Workspace() workspaceId: string,
    @Param({ schema: hookParamSchema }) { id: connectionId, hookId: id }: HookParam,
    @Body({ schema: hookChangeSchema }) body: HookChange,
  ) {
    return this.hooks.change({ workspaceId, connectionId, id, body });
  }

  @Post(':id/hooks/:hookId\\:rotate')
  @HttpCode(200)
  @AnswerNotKept()
  @Operation({
    id: 'rotateHook',
    summary: 'Give a hook another secret',
    description:
      'What is signed with the old one is taken too for `overlap_seconds`, so that nothing is refused while the provider is told.',
    answer: hookWithSecretSchema,
    problems: ['NOT_FOUND', 'INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  rotate(
    @Workspace() workspaceId: string,
    @Param({ schema: hookParamSchema }) { id: connectionId, hookId: id }: HookParam,
    @Body({ schema: rotateHookSchema }) body: RotateHook,
  ) {
    return this.hooks.rotate({ workspaceId, connectionId, id, body });
  }

  @Delete(':id/hooks/:hookId')
  @HttpCode(204)
  @Operation({
    id: 'deleteHook',
    summary: 'Delete a hook: what is sent to it is answered 404. Its events stay.',
    status: 204,
    problems: ['NOT_FOUND'],
  })
  async delete(
    @Workspace() workspaceId: string,
    @Param({ schema: hookParamSchema }) { id: connectionId, hookId: id }: HookParam,
  ): Promise<void> {
    await this.hooks.delete({ workspaceId, connectionId, id });
  }
}
