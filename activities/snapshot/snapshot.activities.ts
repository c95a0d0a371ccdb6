import { Inject, Injectable } from '@nestjs/common';
import { Context } from '@temporalio/activity';
import { holdSnapshotInputSchema, type HoldSnapshotInput } from '../../libs/contracts/activities.schema.js';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import type { HoldSnapshotResult, SyncActivities } from '../../libs/contracts/workflows.js';
import type { Pool } from '../../libs/store/index.js';
import { withFailures } from '../support/failures.js';
import { withHeartbeat } from '../support/heartbeat.js';
import { CONNECTION_OPENER, POOL } from '../tokens.js';
import { holdSnapshot } from './hold-snapshot.js';

/** Keeps a transaction open at the source while others read. */
@Injectable()
export class SnapshotActivities implements Pick<SyncActivities, 'holdSnapshot'> {
  constructor(
    @Inject(POOL) readonly pool: Pool,
    @Inject(CONNECTION_OPENER) readonly opener: ConnectionOpener,
  ) {}

  async holdSnapshot(input: HoldSnapshotInput): Promise<HoldSnapshotResult> {
    const request = holdSnapshotInputSchema.parse(input);
    const { cancellationSignal } = Context.current();
    return withFailures(() => withHeartbeat(() => holdSnapshot(this, request, cancellationSignal)));
  }
}
