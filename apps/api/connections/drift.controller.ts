import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { connectionDriftSchema, type ConnectionDriftView } from '../../../libs/contracts/drift.schema.js';
import { listDrift, type DriftRow, type Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { Operation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Workspace } from '../http/workspace.decorator.js';
import { ConnectionsService } from './connections.service.js';

const MOST = 1_000;

@ApiTags('connections')
@Controller('v1/connections')
export class DriftController {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(ConnectionsService) private readonly connections: ConnectionsService,
  ) {}

  @Get(':id/drift')
  @Operation({
    id: 'getDrift',
    summary: 'Where what comes does not fit its schema',
    description:
      'Samples of a stream’s records are compared with its schema, and results of actions with their `output`. Of a value nothing is kept but the type that came, and the name of a new enum value where it is a plain word.',
    answer: connectionDriftSchema,
    problems: ['NOT_FOUND'],
  })
  async get(@Workspace() workspaceId: string, @Param({ schema: idParamSchema }) { id }: IdParam): Promise<ConnectionDriftView> {
    await this.connections.get({ workspaceId, id });
    const rows = await listDrift(this.pool, { workspaceId, connectionId: id, limit: MOST });
    return { data: rows.slice(0, MOST).map(view), complete: rows.length <= MOST };
  }
}

const view = (row: DriftRow): ConnectionDriftView['data'][number] => ({
  operation: { kind: row.kind, name: row.operation },
  ...{ change: row.change, field: row.pointer, found: row.found === '' ? null : row.found, records: row.records },
  ...{ first_seen_at: row.firstSeenAt.toISOString(), last_seen_at: row.lastSeenAt.toISOString() },
});
