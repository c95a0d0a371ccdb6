import { continueAsNew, proxyLocalActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { ScheduledSyncWorkflowInput, ScheduledSyncWorkflowResult, SyncActivities } from '../libs/contracts/workflows.js';
import { scheduledTime } from './scheduled-time.js';
import { nextLookMs } from './scheduled-sync.policy.js';

/** Retried until it works: a scheduled run is late rather than lost when our store is away. */
const { startScheduledRun } = proxyLocalActivities<Pick<SyncActivities, 'startScheduledRun'>>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Starts a run in the same way as REST does. Where a run is active it records a skipped one, or waits for its end, as the schedule says. */
export async function scheduledSyncWorkflow(input: ScheduledSyncWorkflowInput): Promise<ScheduledSyncWorkflowResult> {
  const scheduledFor = scheduledTime();
  for (let looks = 0; ; looks += 1) {
    const { status } = await startScheduledRun({ ...input, scheduledFor });
    if (status !== 'active') return { outcome: status };
    await sleep(nextLookMs(looks));
    if (workflowInfo().continueAsNewSuggested) return continueAsNew<typeof scheduledSyncWorkflow>(input);
  }
}
