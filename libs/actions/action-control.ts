import { setTimeout as delay } from 'node:timers/promises';
import { ACTION_TASK_QUEUE, type ActionWorkflowInput, type ActionWorkflowResult } from '../contracts/action-workflow.js';
import { SluiceError } from '../errors/index.js';
import { actionOutcome, getActionRun, listOpenActionRuns, type ActionRunRow, type Pool } from '../store/index.js';
import { startOnce, type TemporalClient } from '../temporal/temporal-client.js';

type ActionWorkflow = (input: ActionWorkflowInput) => Promise<ActionWorkflowResult>;
type Startable = Pick<ActionRunRow, 'id' | 'action' | 'workflowId'>;

interface Ports {
  pool: Pool;
  temporal: TemporalClient;
}

/** Between looks at the store while Temporal does not answer, or has no workflow that could: until the reconciler starts one. */
const LOOK_EVERY_MS = 250;
const BATCH = 100;

/**
 * Starts a run's workflow; that it runs already is success, and one that was lost is started anew: what it may do the ledger says. Throws
 * TEMPORAL_UNAVAILABLE.
 */
export async function startActionWorkflow(temporal: TemporalClient, run: Startable): Promise<void> {
  await temporal.start((client, eagerly) =>
    startOnce<ActionWorkflow>(client, 'actionWorkflow', {
      ...eagerly,
      taskQueue: ACTION_TASK_QUEUE,
      workflowId: run.workflowId,
      args: [{ runId: run.id }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `action ${run.action}`,
      priority: { priorityKey: 1 },
    }),
  );
}

/** The run when it has ended, or as it is after `ms`. A Temporal that is away only makes the wait coarser. */
export async function waitForAction({ pool, temporal }: Ports, run: ActionRunRow, ms: number): Promise<ActionRunRow> {
  const until = performance.now() + ms;
  for (let row = run; ;) {
    const left = until - performance.now();
    if (actionOutcome(row) !== null || left <= 0) return row;
    await temporal
      .call((client) => client.workflow.getHandle<ActionWorkflow>(run.workflowId).result(), left)
      .catch(() => delay(Math.min(LOOK_EVERY_MS, Math.max(0, until - performance.now()))));
    const found = await getActionRun(pool, { id: run.id });
    if (found === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run' });
    row = found;
  }
}

/** Starts what has no workflow: one whose start was lost, or whose workflow is gone. */
export async function reconcileActions({ pool, temporal }: Ports, { olderThanMs }: { olderThanMs: number }): Promise<void> {
  for (const run of await listOpenActionRuns(pool, { olderThanMs, limit: BATCH })) await startActionWorkflow(temporal, run);
}
