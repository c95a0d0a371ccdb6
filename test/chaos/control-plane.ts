import { isTerminal, type RunState } from '../../libs/contracts/run-state.js';
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

  /** Chunks that the run has committed, as last read from the destination (every 2 s while it loads). */
  chunks(runId: string): Promise<number> {
    return this.looker.number(`SELECT sum((counts->>'chunks')::bigint) AS n FROM control.run_stream WHERE run_id = $1`, [runId]);
  }

  /** How far a run has come: what a kill at this moment has hit. */
  async phase(runId: string): Promise<'beginning' | 'loading' | 'finishing' | 'had ended'> {
    const [run] = await this.looker.rows<{ state: RunState; slices: string; open: string }>(
      `SELECT r.state, count(s.slice_id) AS slices, count(s.slice_id) FILTER (WHERE s.state <> 'done') AS open
       FROM control.run r LEFT JOIN control.slice s ON s.run_id = r.id WHERE r.id = $1 GROUP BY r.state`,
      [runId],
    );
    if (run === undefined || run.state === 'queued' || run.slices === '0') return 'beginning';
    if (isTerminal(run.state)) return 'had ended';
    return run.open === '0' ? 'finishing' : 'loading';
  }

  close(): Promise<void> {
    return this.looker.close();
  }
}
