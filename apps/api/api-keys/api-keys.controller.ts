import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  apiKeySchema,
  createdApiKeySchema,
  newApiKeySchema,
  type ApiKeyView,
  type CreatedApiKey,
  type NewApiKey,
} from '../../../libs/contracts/api-key.schema.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { generateApiKey, hashApiKey } from '../../../libs/secrets/index.js';
import { insertApiKey, listApiKeys, revokeApiKey, type ApiKeyRow, type Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { idCursor, pageOfRows } from '../http/cursor.js';
import { AnswerNotKept } from '../http/idempotency.interceptor.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { CallersKey, Workspace } from '../http/workspace.decorator.js';

const LIST = 'api-keys';

@ApiTags('api keys')
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Post()
  @AnswerNotKept()
  @Operation({
    id: 'createApiKey',
    summary: 'A new key of this workspace',
    description:
      'Its hash is all that is kept. So the answer cannot be repeated either: `Idempotency-Key` is refused here, and a key whose answer was lost is to be revoked.',
    status: 201,
    answer: createdApiKeySchema,
    problems: ['INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  async create(@Workspace() workspaceId: string, @Body({ schema: newApiKeySchema }) { name }: NewApiKey): Promise<CreatedApiKey> {
    const key = generateApiKey();
    const row = await insertApiKey(this.pool, { workspaceId, name, hash: hashApiKey(key) });
    if (row === null) throw new SluiceError('INTERNAL', { detail: 'a new random key was there already' });
    return { ...facts(row), key };
  }

  @Get()
  @Operation({
    id: 'listApiKeys',
    summary: 'Keys that work, oldest first',
    answer: pageOf(apiKeySchema),
    problems: ['VALIDATION_FAILED'],
  })
  async list(
    @Workspace() workspaceId: string,
    @CallersKey() callersKey: string,
    @Query({ schema: pageQuerySchema }) { limit, cursor }: PageQuery,
  ) {
    const rows = await listApiKeys(this.pool, { workspaceId, limit, after: idCursor(LIST, cursor) });
    const view = (row: ApiKeyRow): ApiKeyView => ({ ...facts(row), current: row.id === callersKey });
    return pageOfRows(LIST, { rows, limit, after: (row) => row.id, view });
  }

  @Delete(':id')
  @HttpCode(204)
  @Operation({
    id: 'revokeApiKey',
    summary: 'End a key, at once',
    description: 'The last one of the workspace stays, so that nobody locks himself out: make another one first.',
    status: 204,
    problems: ['NOT_FOUND', 'IN_USE'],
  })
  async revoke(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam): Promise<void> {
    const outcome = await revokeApiKey(this.pool, { workspaceId, id });
    if (outcome === 'unknown') throw new SluiceError('NOT_FOUND', { detail: 'there is no such key, or it was revoked before' });
    if (outcome === 'last') throw new SluiceError('IN_USE', { detail: 'it is the last key of the workspace' });
  }
}

const facts = ({ id, name, createdAt }: ApiKeyRow) => ({ id, name, created_at: createdAt.toISOString() });
