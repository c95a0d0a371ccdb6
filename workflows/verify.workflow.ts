import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { StepError } from '../libs/contracts/workflows.js';
import type { VerifyActivities, VerifyWorkflowInput, VerifyWorkflowResult } from '../libs/contracts/verify-workflow.js';
import { toStepFailure } from './step-failure.js';

/** Reading a source takes as long as it takes; a dead worker is noticed by its missing heartbeat. Behind the movers of runs that wait for a slot. */
const { verifyStream } = proxyActivities<Pick<VerifyActivities, 'verifyStream'>>({
  startToCloseTimeout: '24h',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 5 },
  priority: { priorityKey: 4 },
});

/** Retried until it works: a verification whose end is not written would stay under way for ever. */
const { failVerifiedStream, endVerification } = proxyLocalActivities<
  Pick<VerifyActivities, 'failVerifiedStream' | 'endVerification'>
>({ startToCloseTimeout: '2m', retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' } });

/** Verifies streams one after the other. One that cannot be verified does not take the others with it. */
export async function verifyWorkflow({ verificationId, streams }: VerifyWorkflowInput): Promise<VerifyWorkflowResult> {
  let failed = 0;
  try {
    for (const stream of streams)
      try {
        await verifyStream.executeWithOptions({ summary: stream }, [{ verificationId, stream }]);
      } catch (error) {
        if (isCancellation(error)) throw error;
        failed += 1;
        await failVerifiedStream({ verificationId, stream, error: toStepFailure(error, stream).error });
      }
  } catch (error) {
    const why: StepError = isCancellation(error) ? { code: 'RUN_CANCELLED' } : toStepFailure(error).error;
    await CancellationScope.nonCancellable(() => endVerification({ verificationId, state: 'failed', error: why }));
    throw error;
  }
  await endVerification({ verificationId, state: failed === 0 ? 'succeeded' : 'failed' });
  return { verified: streams.length - failed, failed };
}
