import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { RunControl, StartedRun } from '../contracts/run-control.port.js';
import { isTerminal, type RunState } from '../contracts/run-state.js';
import { PAUSE_UPDATE, RESUME_UPDATE, syncWorkflowId, type ControlAnswer } from '../contracts/workflows.js';
import { SluiceError } from '../errors/index.js';
import type { SecretBox } from '../secrets/index.js';
import type { TemporalClient } from '../temporal/temporal-client.js';
import {
  appendRunLog,
  findActiveRun,
  findRun,
  findSync,
  insertRun,
  inTransaction,
  lockSync,
  transitionRun,
  takeBackTransition,
  type Pool,
  type RunRow,
} from '../store/index.js';
import { failRun } from './fail-run.js';
import { startSyncWorkflow } from './start-workflow.js';

type StartRequest = Parameters<RunControl['start']>[0];
interface RunKey {
  workspaceId: string;
  runId: string;
}

/** How long a worker may take to answer an update before the caller is told that none does. */
const UPDATE_DEADLINE_MS = 10_000;

/** Runs in the store and their workflows in Temporal, kept in step. What a crash leaves in between the reconciler puts right. */
export class TemporalRunControl implements RunControl {
  constructor(
    private readonly pool: Pool,
    private readonly temporal: TemporalClient,
    private readonly secrets: SecretBox,
  ) {}

  async start(request: StartRequest): Promise<StartedRun> {
    const { workspaceId, syncId } = request;
    const sync = await findSync(this.pool, { workspaceId, id: syncId });
    if (sync === null) throw new SluiceError('NOT_FOUND', { detail: 'the sync', details: { sync: syncId } });
    const run = await this.insert(request);
    try {
      await startSyncWorkflow({ db: this.pool, temporal: this.temporal }, run, sync);
    } catch (error) {
      await this.closeUnstarted(run, error);
      throw error;
    }
    return { runId: run.id, state: run.state };
  }

  async cancel({ workspaceId, runId }: RunKey): Promise<StartedRun> {
    const run = await this.find({ workspaceId, runId });
    if (run.state === 'cancelling') return { runId, state: run.state };
    const asked = await this.move(run, 'cancelling');
    try {
      await this.temporal.call((client) => client.workflow.getHandle(run.workflowId).cancel());
    } catch (error) {
      // Never started, or gone: nothing is left that could be asked to stop.
      if (error instanceof WorkflowNotFoundError)
        return this.answer(await transitionRun(this.pool, { id: runId, to: 'cancelled' }), { workspaceId, runId });
      await this.moveBack(asked, run.state);
      throw error;
    }
    await this.log(run, 'run.cancelling', 'the run was asked to stop for good');
    return { runId, state: asked.state };
  }

  async pause({ workspaceId, runId }: RunKey): Promise<StartedRun> {
    const run = await this.find({ workspaceId, runId });
    if (run.state === 'pausing' || run.state === 'paused') return { runId, state: run.state };
    const asked = await this.move(run, 'pausing');
    await this.update(run, PAUSE_UPDATE).catch(async (error: unknown) => {
      await this.moveBack(asked, run.state);
      throw error;
    });
    await this.log(run, 'run.pausing', 'the run was asked to pause');
    return { runId, state: asked.state };
  }

  async resume({ workspaceId, runId }: RunKey): Promise<StartedRun> {
    const run = await this.find({ workspaceId, runId });
    if (run.state !== 'paused' && run.state !== 'pausing') throw notActive(run);
    await this.update(run, RESUME_UPDATE);
    const resumed = await transitionRun(this.pool, { id: runId, to: 'running', from: ['paused', 'pausing'] });
    return this.answer(resumed, { workspaceId, runId });
  }

  async retry({ workspaceId, runId }: RunKey): Promise<StartedRun> {
    const run = await this.find({ workspaceId, runId });
    if (run.state !== 'failed' && run.state !== 'cancelled') throw notActive(run);
    // A run that never began has not carried out its resets.
    const resets = run.startedAt === null ? run.resets : [];
    return this.start({ workspaceId, syncId: run.syncId, trigger: 'retry', lane: run.lane, resets, streams: run.streams });
  }

  private async insert({
    workspaceId,
    syncId,
    trigger,
    lane = 'live',
    resets = [],
    streams = null,
    scheduledFor,
  }: StartRequest): Promise<RunRow> {
    const id = randomUUID();
    try {
      const run = await inTransaction(this.pool, async (tx) => {
        await lockSync(tx, { workspaceId, id: syncId });
        const inserted = await insertRun(tx, {
          id,
          workspaceId,
          syncId,
          lane,
          trigger,
          workflowId: syncWorkflowId(id),
          scheduledFor: scheduledFor ?? null,
          resets,
          streams,
        });
        if (inserted !== null)
          await appendRunLog(tx, { runId: id, level: 'info', code: 'run.queued', message: `the run was asked for (${trigger})` });
        return inserted;
      });
      if (run === null) throw new SluiceError('NOT_FOUND', { detail: 'the sync', details: { sync: syncId } });
      return run;
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'RUN_ACTIVE') throw error;
      const active = await findActiveRun(this.pool, { syncId, lane });
      throw new SluiceError('RUN_ACTIVE', { details: { run: active?.id ?? null, sync: syncId, lane }, cause: error });
    }
  }

  /** Nothing stays active; should the workflow have been started all the same, it finds the run closed and ends. */
  private async closeUnstarted(run: RunRow, error: unknown): Promise<void> {
    const code = error instanceof SluiceError ? error.code : 'INTERNAL';
    await inTransaction(this.pool, (tx) => failRun(tx, this.secrets, { id: run.id, error: { code } }));
    await this.log(run, code, 'the workflow of the run could not be started', 'error');
  }

  private async update(run: RunRow, name: string): Promise<void> {
    const ask = (client: Client) => client.workflow.getHandle(run.workflowId).executeUpdate<ControlAnswer, []>(name);
    try {
      await this.temporal.call(ask, UPDATE_DEADLINE_MS);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError) throw notActive(run, error);
      throw error;
    }
  }

  private async find({ workspaceId, runId }: RunKey): Promise<RunRow> {
    const run = await findRun(this.pool, { workspaceId, id: runId });
    if (run === null) throw new SluiceError('NOT_FOUND', { detail: 'the run', details: { run: runId } });
    return run;
  }

  private async move(run: RunRow, to: RunState): Promise<RunRow> {
    const moved = isTerminal(run.state) ? null : await transitionRun(this.pool, { id: run.id, to });
    if (moved === null) throw notActive(run);
    return moved;
  }

  private async moveBack(run: RunRow, to: RunState): Promise<void> {
    await takeBackTransition(this.pool, { id: run.id, from: run.state, to });
  }

  /** `moved` is null when the workflow was quicker to write the state than we were. */
  private async answer(moved: RunRow | null, key: RunKey): Promise<StartedRun> {
    return { runId: key.runId, state: (moved ?? (await this.find(key))).state };
  }

  private async log(run: RunRow, code: string, message: string, level: 'info' | 'error' = 'info'): Promise<void> {
    await appendRunLog(this.pool, { runId: run.id, level, code, message });
  }
}

function notActive(run: RunRow, cause?: unknown): SluiceError {
  return new SluiceError('RUN_NOT_ACTIVE', {
    detail: `it is ${run.state}`,
    details: { run: run.id, state: run.state },
    ...(cause === undefined ? {} : { cause }),
  });
}
