import { Inject, Injectable } from '@nestjs/common';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  deleteSync,
  getInstallationId,
  inTransaction,
  listActiveRunsOfSync,
  listFlowsOfSync,
  lockSync,
  raiseEpoch,
  type Pool,
} from '../../../libs/store/index.js';
import { OPENER, POOL } from '../core/tokens.js';

interface Key {
  workspaceId: string;
  id: string;
}

/** Takes a sync away: its definition, its claim on tables, what the destination remembers of it. The tables and their rows stay. */
@Injectable()
export class DeleteSync {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(OPENER) private readonly opener: ConnectionOpener,
  ) {}

  /**
   * Errors: NOT_FOUND; RUN_ACTIVE with `run`; IN_USE with the flows that it starts; the destination's own when its claims cannot be taken back, and nothing is deleted then,
   * unless `force`: its tables stay claimed.
   */
  async delete(request: Key & { force: boolean }): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      // Under the lock no run can start, so what is released stays released.
      const sync = await lockSync(tx, request);
      if (sync === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such sync' });
      const [active] = await listActiveRunsOfSync(tx, { syncId: sync.id });
      if (active !== undefined) throw new SluiceError('RUN_ACTIVE', { details: { run: active.id } });
      const flows = await listFlowsOfSync(tx, { syncId: sync.id });
      if (flows.length > 0)
        throw new SluiceError('IN_USE', {
          detail: `used by ${flows.map(({ name, id }) => `the flow "${name}" (${id})`).join(', ')}`,
          details: { flows: flows.map(({ id }) => id).join(',') },
        });
      const epoch = await raiseEpoch(tx, { syncId: sync.id });
      try {
        await this.release({ ...request, destinationId: sync.destinationId, epoch });
      } catch (error) {
        if (!request.force) throw error;
      }
      await deleteSync(tx, request);
    });
  }

  private async release(request: Key & { destinationId: string; epoch: number }): Promise<void> {
    const installation = await getInstallationId(this.pool);
    const destination = await this.opener.openDestination({
      workspaceId: request.workspaceId,
      connectionId: request.destinationId,
    });
    try {
      await destination.release({ installation, syncId: request.id, epoch: request.epoch });
    } finally {
      await destination.close().catch(() => {});
    }
  }
}
