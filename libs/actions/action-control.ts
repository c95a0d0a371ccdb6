import {
  ACTION_TASK_QUEUE,
  ACTION_WORKFLOW,
  type ActionWorkflowInput,
  type ActionWorkflowResult,
} from '../contracts/action-workflow.js';
import { actionOutcome, getActionRun, inTransaction, listOpenActionRuns, type ActionRunRow, type Pool } from '../store/index.js';
import { awaitEnd, type EndRequest } from '../temporal/await-end.js';
import { startOnce, type TemporalClient } from '../temporal/temporal-client.js';
import { ABANDONED, dropAction } from './drop-action.js';

type ActionWorkflow = (input: ActionWorkflowInput) => Promise<ActionWorkflowResult>;
type Startable = Pick<ActionRunRow, 'id' | 'action' | 'workflowId'>;

interface Ports {
  pool: Pool;
  temporal: TemporalClient;
}

const BATCH = 100;

/**
 * Starts a run's workflow; that it runs already is success, and one that was lost is started anew: what it may do the ledger says. Whether a worker of
 * this process has it. Throws TEMPORAL_UNAVAILABLE.
 */
export async function startActionWorkflow(temporal: TemporalClient, run: Startable): Promise<boolean> {
  const started = await temporal.start((client, eagerly) =>
    startOnce<ActionWorkflow>(client, ACTION_WORKFLOW, {
      ...eagerly,
      taskQueue: ACTION_TASK_QUEUE,
      workflowId: run.workflowId,
      args: [{ runId: run.id }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `action ${run.action}`,
      priority: { priorityKey: 1 },
    }),
  );
  return started?.isEager ?? false;
}

/** The run when it has ended, or as it is after `ms`. */
export function waitForAction(
  { pool, temporal }: Ports,
  run: ActionRunRow,
  wait: Pick<EndRequest<ActionRunRow>, 'ms' | 'watch' | 'isHere'>,
): Promise<ActionRunRow> {
  const read = () => getActionRun(pool, { id: run.id });
  return awaitEnd(temporal, run, { ...wait, hasEnded: (row) => actionOutcome(row) !== null, read });
}

/** Starts what has no workflow: one whose start was lost, or whose workflow is gone. What a flow's run that has ended had reserved is ended too. */
export async function reconcileActions({ pool, temporal }: Ports, { olderThanMs }: { olderThanMs: number }): Promise<void> {
  for (const run of await listOpenActionRuns(pool, { olderThanMs, limit: BATCH })) {
    const { id } = run;
    if (run.abandoned && (await inTransaction(pool, (tx) => dropAction(tx, { id, error: ABANDONED })))) continue;
    await startActionWorkflow(temporal, run);
  }
}
