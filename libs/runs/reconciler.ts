import { reconcileActions } from '../actions/index.js';
import { reconcileFlows } from '../flows/index.js';
import type { ConnectionOpener } from '../contracts/connection-opener.port.js';
import { SluiceError } from '../errors/index.js';
import type { SecretBox } from '../secrets/index.js';
import { getSync, listActiveRuns, purgePlans, type Pool, type RunRow } from '../store/index.js';
import type { TemporalClient } from '../temporal/temporal-client.js';
import { closeLostRun } from './close-lost-run.js';
import { flowSchedules } from './flow-schedules.js';
import { findLateSyncs } from './late-syncs.js';
import { judgeRun } from './run-verdict.policy.js';
import { ScheduleConverger } from './schedule-converger.js';
import { syncSchedules } from './sync-schedules.js';
import { reconcileVerifications } from './verification-control.js';
import { startSyncWorkflow } from './start-workflow.js';
import { workflowFact } from './workflow-fact.js';

export interface ReconcilerOptions {
  pool: Pool;
  temporal: TemporalClient;
  opener: ConnectionOpener;
  secrets: SecretBox;
  /** Default 10,000. */
  intervalMs: number;
  /** How old a queued run without a workflow has to be to be started by us. Default 15,000. */
  startAfterMs: number;
  /** Told of what a pass did, and of what went wrong. */
  log: (level: 'info' | 'warn', message: string, facts: Record<string, string>) => void;
}

/** Any number; the same in every process of an installation. */
const LOCK_KEY = 7_302_119_001;
const BATCH = 100;
const PLANS_KEPT_MS = 7 * 24 * 3_600_000;

/**
 * Puts store and Temporal right where a crash, a wiped database or a person with the Temporal CLI has left them apart. Every API and worker
 * process has one; an advisory lock lets one at a time work. A pass never throws: the next one tries again.
 */
export class Reconciler {
  private readonly schedules: readonly ScheduleConverger[];
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly options: ReconcilerOptions) {
    const { pool, temporal } = options;
    this.schedules = [syncSchedules(pool), flowSchedules(pool)].map((store) => new ScheduleConverger(store, temporal));
  }

  start(): void {
    if (!this.stopped && this.timer === undefined) this.next(0);
  }

  /** Resolves when the pass that may be under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Asks for a pass soon: something was changed. */
  wake(): void {
    if (!this.stopped && this.timer !== undefined) this.next(0);
  }

  /** One pass, if no other process is at it. */
  async pass(): Promise<void> {
    try {
      await this.alone(async () => {
        // Needs no Temporal, whose absence may be why.
        for (const sync of await findLateSyncs(this.options)) this.options.log('warn', 'a sync is late', { sync });
        await this.reconcileRuns();
        const closed = await reconcileVerifications(this.options, { olderThanMs: this.options.startAfterMs });
        for (const verification of closed) this.options.log('info', 'a verification had lost its workflow', { verification });
        await reconcileActions(this.options, { olderThanMs: this.options.startAfterMs });
        const putBack = await reconcileFlows(this.options, { olderThanMs: this.options.startAfterMs });
        if (putBack > 0)
          this.options.log('info', 'deliveries whose flows did not begin are started again', { deliveries: String(putBack) });
        for (const schedules of this.schedules) await schedules.converge();
        await purgePlans(this.options.pool, { endedBeforeMs: PLANS_KEPT_MS, limit: 10_000 });
      });
    } catch (error) {
      const code = error instanceof SluiceError ? error.code : 'INTERNAL';
      this.options.log('warn', 'a reconciliation did not finish', {
        code,
        cause: error instanceof Error ? error.name : typeof error,
      });
    }
  }

  private next(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.running ??= this.pass().finally(() => {
        this.running = undefined;
        if (!this.stopped) this.next(this.options.intervalMs);
      });
    }, delayMs);
    this.timer.unref();
  }

  private async alone(work: () => Promise<void>): Promise<void> {
    const client = await this.options.pool.connect();
    try {
      const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [LOCK_KEY]);
      if (rows[0]?.locked !== true) return;
      try {
        await work();
      } finally {
        await client.query('SELECT pg_advisory_unlock($1)', [LOCK_KEY]);
      }
    } finally {
      client.release();
    }
  }

  private async reconcileRuns(): Promise<void> {
    const { pool } = this.options;
    let runs = await listActiveRuns(pool, { olderThanMs: 0, after: null, limit: BATCH });
    for (; runs.length > 0; runs = await listActiveRuns(pool, { olderThanMs: 0, after: runs.at(-1)?.seq ?? null, limit: BATCH }))
      for (const run of runs) await this.reconcileRun(run);
  }

  private async reconcileRun(run: RunRow): Promise<void> {
    const { pool, temporal, startAfterMs, log } = this.options;
    const fact = await temporal.call((client) => workflowFact(client, run.workflowId));
    const verdict = judgeRun(run, fact, { now: new Date(), startAfterMs });
    switch (verdict) {
      case 'leave':
        return;
      case 'start': {
        const sync = await getSync(pool, { id: run.syncId });
        if (sync === null || sync.deletedAt !== null) await closeLostRun(this.options, run, 'lost');
        else await startSyncWorkflow({ db: pool, temporal }, run, sync);
        break;
      }
      case 'lost_and_terminate':
        await temporal.call((client) =>
          client.workflow.getHandle(run.workflowId).terminate('the run was closed: its workflow was reset'),
        );
        await closeLostRun(this.options, run, 'lost');
        break;
      case 'lost':
      case 'cancelled':
        await closeLostRun(this.options, run, verdict);
        break;
    }
    log('info', `a run was found ${fact.kind} in Temporal`, { run: run.id, verdict });
  }
}
