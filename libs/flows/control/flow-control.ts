import { WorkflowNotFoundError } from '@temporalio/client';
import { ACTION_TASK_QUEUE } from '../../contracts/action-workflow.js';
import {
  FLOW_PRIORITY,
  FLOW_TASK_QUEUE,
  FLOW_WORKFLOW,
  RESOLVED_SIGNAL,
  type FlowWorkflowInput,
  type FlowWorkflowResult,
} from '../../contracts/flow-workflow.js';
import { SluiceError } from '../../errors/index.js';
import {
  findWaitingFlowRun,
  getFlowRun,
  listOpenFlowRuns,
  putBackDeliveries,
  type FlowRunRow,
  type Pool,
} from '../../store/index.js';
import { awaitEnd, type EndRequest } from '../../temporal/await-end.js';
import { startOnce, type TemporalClient } from '../../temporal/temporal-client.js';

type FlowWorkflow = (input: FlowWorkflowInput) => Promise<FlowWorkflowResult>;

interface Ports {
  pool: Pool;
  temporal: TemporalClient;
}

const BATCH = 100;

/**
 * That a run's workflow runs already is success, and one that was lost is started anew: what was made is in the store. Whether a worker of this process has
 * it. Throws TEMPORAL_UNAVAILABLE.
 */
export async function startFlowWorkflow(
  temporal: TemporalClient,
  run: Pick<FlowRunRow, 'id' | 'workflowId' | 'trigger'> & { name?: string },
): Promise<boolean> {
  const isAwaited = run.trigger === 'request';
  const started = await temporal.start((client, eagerly) =>
    startOnce<FlowWorkflow>(client, FLOW_WORKFLOW, {
      ...(isAwaited ? eagerly : {}),
      taskQueue: isAwaited ? ACTION_TASK_QUEUE : FLOW_TASK_QUEUE,
      workflowId: run.workflowId,
      args: [{ flowRunId: run.id }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      ...(run.name === undefined ? {} : { staticSummary: `flow ${run.name}` }),
      priority: { priorityKey: isAwaited ? FLOW_PRIORITY.request : FLOW_PRIORITY.event },
    }),
  );
  return started?.isEager ?? false;
}

/** The run when it has ended, or as it is after `ms`. */
export function waitForFlow(
  { pool, temporal }: Ports,
  run: FlowRunRow,
  wait: Pick<EndRequest<FlowRunRow>, 'ms' | 'watch' | 'isHere'>,
): Promise<FlowRunRow> {
  const read = () => getFlowRun(pool, { id: run.id });
  return awaitEnd(temporal, run, { ...wait, hasEnded: (row) => row.finishedAt !== null, read });
}

/** Asks a run's workflow to end; false: it has none. Throws TEMPORAL_UNAVAILABLE. */
export async function cancelFlowWorkflow(
  temporal: TemporalClient,
  { workflowId }: Pick<FlowRunRow, 'workflowId'>,
): Promise<boolean> {
  return temporal.call(async (client) => {
    const handle = client.workflow.getHandle(workflowId);
    try {
      if ((await handle.describe()).status.name !== 'RUNNING') return false;
      await handle.cancel();
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  });
}

/** Tells the flow that waits for a run of an action, if one does, that a person resolved it. One that cannot be told looks by itself, later. */
export async function tellFlow({ pool, temporal }: Ports, { actionRunId }: { actionRunId: string }): Promise<boolean> {
  const waiting = await findWaitingFlowRun(pool, { actionRunId });
  if (waiting === null) return false;
  await temporal
    .call((client) => client.workflow.getHandle(waiting.workflowId).signal(RESOLVED_SIGNAL))
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError) && !(error instanceof SluiceError && error.code === 'TEMPORAL_UNAVAILABLE'))
        throw error;
    });
  return true;
}

/** A delivery is started again after so many times what a run without a workflow is given: its workflow may only wait for a worker. */
const PATIENCE = 4;
const PUT_BACK = 1_000;

/** Starts what has no workflow: one whose start was lost, or whose workflow is gone. Started deliveries that no run began for are put back; returns how many. */
export async function reconcileFlows({ pool, temporal }: Ports, { olderThanMs }: { olderThanMs: number }): Promise<number> {
  const putBack = await putBackDeliveries(pool, { olderThanMs: PATIENCE * olderThanMs, limit: PUT_BACK });
  for (let after = 0; ;) {
    const runs = await listOpenFlowRuns(pool, { olderThanMs, after, limit: BATCH });
    for (const run of runs) await startFlowWorkflow(temporal, run);
    const last = runs.at(-1);
    if (last === undefined || runs.length < BATCH) return putBack;
    after = last.seq;
  }
}
