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
import type { ApiScope } from '../../../libs/contracts/api-scope.js';
import { pageOf, pageQuerySchema, type PageQuery } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { generateApiKey, hashApiKey } from '../../../libs/secrets/index.js';
import { insertApiKey, listApiKeys, revokeApiKey, type ApiKeyRow, type OpenedBy, type Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { checkScopes } from '../http/api-key.guard.js';
import { idCursor, pageOfRows } from '../http/cursor.js';
import { AnswerNotKept } from '../http/idempotency.interceptor.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Caller, Workspace } from '../http/workspace.decorator.js';

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
      'A key gives only scopes that it has. Its hash is all that is kept. So the answer cannot be repeated either: `Idempotency-Key` is refused here, and a key whose answer was lost is to be revoked.',
    status: 201,
    answer: createdApiKeySchema,
    problems: ['INVALID_REQUEST', 'VALIDATION_FAILED'],
  })
  async create(@Caller() caller: OpenedBy, @Body({ schema: newApiKeySchema }) body: NewApiKey): Promise<CreatedApiKey> {
    const { name, scopes, connections, calls_per_minute: callsPerMinute } = body;
    checkGift(caller, scopes);
    const { workspaceId } = caller;
    const key = generateApiKey();
    const rights = { scopes, connections, callsPerMinute };
    const row = await insertApiKey(this.pool, { workspaceId, name, hash: hashApiKey(key), rights });
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
    @Caller() { apiKeyId }: OpenedBy,
    @Query({ schema: pageQuerySchema }) { limit, cursor }: PageQuery,
  ) {
    const rows = await listApiKeys(this.pool, { workspaceId, limit, after: idCursor(LIST, cursor) });
    const view = (row: ApiKeyRow): ApiKeyView => ({ ...facts(row), current: row.id === apiKeyId });
    return pageOfRows(LIST, { rows, limit, after: (row) => row.id, view });
  }

  @Delete(':id')
  @HttpCode(204)
  @Operation({
    id: 'revokeApiKey',
    summary: 'End a key, at once',
    description:
      'The last one of the workspace that may operate stays, so that nobody locks himself out: make another one first.',
    status: 204,
    problems: ['NOT_FOUND', 'IN_USE'],
  })
  async revoke(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam): Promise<void> {
    const outcome = await revokeApiKey(this.pool, { workspaceId, id });
    if (outcome === 'unknown') throw new SluiceError('NOT_FOUND', { detail: 'there is no such key, or it was revoked before' });
    if (outcome === 'last') throw new SluiceError('IN_USE', { detail: 'it is the last key of the workspace that may operate' });
  }
}

const facts = ({ id, name, createdAt, scopes, connections, callsPerMinute }: ApiKeyRow) => ({
  ...{ id, name, created_at: createdAt.toISOString(), scopes: [...scopes] },
  ...{ connections: connections === null ? null : [...connections], calls_per_minute: callsPerMinute },
});

/** Nobody gives what he has not: a key whose calls are limited makes none that calls. Throws SCOPE_MISSING. */
function checkGift({ scopes: own, connections, callsPerMinute }: OpenedBy, scopes: readonly ApiScope[]): void {
  for (const scope of scopes) checkScopes({ scopes: own }, [scope]);
  if (scopes.includes('call') && (connections !== null || callsPerMinute !== null))
    throw new SluiceError('SCOPE_MISSING', {
      detail: 'a key whose calls are limited makes no key with the scope call',
      details: { scope: 'call' },
    });
}
