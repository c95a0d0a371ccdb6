import { Inject, Injectable } from '@nestjs/common';
import { DELIVERIES_CHANNEL } from '../../../libs/events/index.js';
import type { Logger } from '../../../libs/observability/index.js';
import type { Pool } from '../../../libs/store/index.js';
import { LOGGER, POOL } from '../core/tokens.js';

/** Events that come within this time ring once. */
const TOGETHER_MS = 10;

/**
 * Tells the relay that there is something to do. After the commit and not within it: commits that notify wait for each other, down to the disk. A ring
 * that is lost delays a delivery until the relay's next look.
 */
@Injectable()
export class DeliveryBell {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  ring(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.pool
        .query('SELECT pg_notify($1, $2)', [DELIVERIES_CHANNEL, ''])
        .catch((err: unknown) => this.logger.debug({ err }, 'the relay was not told'));
    }, TOGETHER_MS).unref();
  }
}
