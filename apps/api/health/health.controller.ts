import { Controller, Get, HttpException, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Response } from 'express';
import type { Pool } from '../../../libs/store/index.js';
import type { TemporalClient } from '../../../libs/temporal/index.js';
import { POOL, TEMPORAL } from '../core/tokens.js';
import { Public } from '../http/public.decorator.js';

const WITHIN_MS = 2_000;
const STATUSES = {
  type: 'object',
  additionalProperties: { type: 'object', properties: { status: { type: 'string', enum: ['up', 'down'] } } },
};
const HEALTH = {
  type: 'object',
  required: ['status', 'details'],
  properties: {
    status: { type: 'string', enum: ['ok', 'error'] },
    details: { ...STATUSES, description: '`store` and `temporal`.' },
    ...{ info: STATUSES, error: STATUSES },
  },
};

@ApiTags('health')
@Public()
@Controller('v1/health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicator: HealthIndicatorService,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(TEMPORAL) private readonly temporal: TemporalClient,
  ) {}

  /** Ready: may be sent requests. */
  @Get()
  @ApiOperation({
    operationId: 'health',
    summary: 'Whether store and Temporal can be reached: 200, or 503 with what cannot',
    security: [],
  })
  @ApiOkResponse({ description: 'Both can be reached.', schema: HEALTH })
  @ApiServiceUnavailableResponse({ description: 'One cannot, or both: `details` says which.', schema: HEALTH })
  async ready(@Res({ passthrough: true }) response: Response): Promise<unknown> {
    try {
      return await this.health.check([
        () => this.probe('store', () => this.pool.query('SELECT 1')),
        () => this.probe('temporal', () => this.temporal.call((client) => client.workflowService.getSystemInfo({}), WITHIN_MS)),
      ]);
    } catch (error) {
      if (!(error instanceof HttpException)) throw error;
      response.status(error.getStatus());
      return error.getResponse();
    }
  }

  /** Live: the process answers; nothing else is looked at, because a restart would not mend it. */
  @Get('live')
  @ApiOperation({ operationId: 'live', summary: 'Whether the process answers', security: [] })
  @ApiOkResponse({
    description: 'It answers.',
    schema: { type: 'object', required: ['status'], properties: { status: { type: 'string', enum: ['ok'] } } },
  })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Anybody may ask, so nobody is told more than up or down. */
  private async probe(name: string, work: () => Promise<unknown>) {
    const late = new Promise<never>((_resolve, reject) => setTimeout(reject, WITHIN_MS, new Error('late')).unref());
    try {
      await Promise.race([work(), late]);
      return this.indicator.check(name).up();
    } catch {
      return this.indicator.check(name).down('cannot be reached');
    }
  }
}
