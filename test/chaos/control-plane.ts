import type { RunState } from '../../libs/contracts/run-state.js';
import { Looker } from './looker.js';

/** The control plane's tables, for moments that the API does not show. */
export class ControlPlane {
  private readonly looker: Looker;

  constructor(url: string) {
    this.looker = new Looker(url);
  }

  /** The fence of the run's latest claim of a slice. */
  lastClaim(runId: string): Promise<number> {
    return this.looker.number('SELECT max(claims) AS n FROM control.slice WHERE run_id = $1', [runId]);
  }

  /** The sync's newest run, if it has one. */
  async newestRun(syncId: string): Promise<{ id: string; state: RunState } | undefined> {
    const [run] = await this.looker.rows<{ id: string; state: RunState }>(
      'SELECT id, state FROM control.run WHERE sync_id = $1 ORDER BY seq DESC LIMIT 1',
      [syncId],
    );
    return run;
  }

  close(): Promise<void> {
    return this.looker.close();
  }
}
