import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { circuitSchema, type CircuitView } from '../../../libs/contracts/circuit.schema.js';
import { listCircuits, type Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { Operation } from '../http/operation.decorator.js';
import { Workspace } from '../http/workspace.decorator.js';

@ApiTags('circuits')
@Controller('v1/circuits')
export class CircuitsController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Get()
  @Operation({
    id: 'listCircuits',
    summary: 'Hosts that do not work and are not called for now',
    description: 'At most 1,000, the latest first. Nothing is listed for a host that works.',
    answer: z.object({ data: z.array(circuitSchema) }),
  })
  async list(@Workspace() workspaceId: string) {
    const rows = await listCircuits(this.pool, { workspaceId });
    const data = rows.map(({ host, account, reason, probing, openedAt, until, failedProbes }): CircuitView => ({
      ...{ host, account, reason, state: probing ? 'half_open' : 'open' },
      ...{ opened_at: openedAt.toISOString(), until: until.toISOString(), failed_probes: failedProbes },
    }));
    return { data };
  }
}
