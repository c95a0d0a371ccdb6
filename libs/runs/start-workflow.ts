import type { WorkflowStartOptions } from '@temporalio/client';
import { SYNC_TASK_QUEUE, type SyncWorkflowInput, type SyncWorkflowResult } from '../contracts/workflows.js';
import { runSearchAttributes } from '../contracts/search-attributes.js';
import { isInvalidArgument, startOnce, type TemporalClient } from '../temporal/temporal-client.js';
import { setFirstExecution, type Db, type RunRow, type SyncRow } from '../store/index.js';

type SyncWorkflow = (input: SyncWorkflowInput) => Promise<SyncWorkflowResult>;
type StartOptions = WorkflowStartOptions<SyncWorkflow>;

/** Starts a run's workflow and notes its execution. That it runs already is success. Throws TEMPORAL_UNAVAILABLE. */
export async function startSyncWorkflow(
  { db, temporal }: { db: Db; temporal: TemporalClient },
  run: RunRow,
  sync: SyncRow,
): Promise<void> {
  const options: StartOptions = {
    taskQueue: SYNC_TASK_QUEUE,
    workflowId: run.workflowId,
    args: [{ runId: run.id }],
    // A run has one workflow, for ever: a late second start must find the closed one.
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: `sync ${sync.name}`,
    // Who waits for a backfill waits longer than who waits for what is new.
    priority: { priorityKey: run.lane === 'live' ? 3 : 5 },
  };
  const typedSearchAttributes = runSearchAttributes({
    syncId: sync.id,
    connectionId: sync.sourceId,
    workspaceId: run.workspaceId,
  });
  const started = await temporal.call((client) =>
    startOnce(client, 'syncWorkflow', { ...options, typedSearchAttributes }).catch((error: unknown) => {
      // A cluster without our search attributes refuses them: the run is started all the same.
      if (isInvalidArgument(error)) return startOnce(client, 'syncWorkflow', options);
      throw error;
    }),
  );
  if (started !== undefined) await setFirstExecution(db, { id: run.id, executionId: started.executionId });
}
