import { Inject, Injectable } from '@nestjs/common';
import type { StoreConnectionOpener } from '../../../libs/connections/index.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { listRunsUnderWay, type ActiveRunRow, type Pool } from '../../../libs/store/index.js';
import { OPENER, POOL } from '../core/tokens.js';

/** Which runs use which account. */
@Injectable()
export class AccountRuns {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(OPENER) private readonly opener: Pick<StoreConnectionOpener, 'budgetAccount'>,
  ) {}

  /** Active runs whose source connection calls on this account. One whose configuration is not valid any more calls nobody. */
  async of({ workspaceId, account }: { workspaceId: string; account: string }): Promise<ActiveRunRow[]> {
    const active = await listRunsUnderWay(this.pool, { workspaceId });
    const accounts = new Map<string, string | null>();
    for (const { sourceId } of active)
      if (!accounts.has(sourceId)) accounts.set(sourceId, await this.accountOf({ workspaceId, connectionId: sourceId }));
    return active.filter(({ sourceId }) => accounts.get(sourceId) === account);
  }

  private async accountOf(request: { workspaceId: string; connectionId: string }): Promise<string | null> {
    try {
      return (await this.opener.budgetAccount(request)).account;
    } catch (error) {
      if (error instanceof SluiceError) return null;
      throw error;
    }
  }
}
