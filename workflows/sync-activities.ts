import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { HoldSnapshotInput, MoveChunksInput } from '../libs/contracts/activities.schema.js';
import { SNAPSHOT_TASK_QUEUE } from '../libs/contracts/workflows.js';
import type { HoldSnapshotResult, MoveChunksResult, SyncActivities, SyncSettings } from '../libs/contracts/workflows.js';

/** Retried by the server: short steps on our own store and on the destination's catalog. */
const STEP_RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;
/** A staged slice may be published for many minutes; who is alive heartbeats (every second), who is not is found by that. */
const LONGEST_STEP = '24h';
/** As short as that of moveChunks: a worker that dies while a run begins or a stream is finished must not hold it up longer than one that dies in between. */
const STEP_HEARTBEAT = '10s';

/**
 * Retried until it works: a run whose end is not written would stay active for ever. Local, because it is short and must not wait for a slot
 * behind movers.
 */
export const { endRun, reportRun } = proxyLocalActivities<Pick<SyncActivities, 'endRun' | 'reportRun'>>({
  startToCloseTimeout: '2m',
  retry: { ...STEP_RETRY, maximumInterval: '10s' },
});

/** Prepares or finishes streams; a handful of tries. Ahead of movers that wait for a slot. */
export const { beginRun, finishStream } = proxyActivities<Pick<SyncActivities, 'beginRun' | 'finishStream'>>({
  startToCloseTimeout: LONGEST_STEP,
  heartbeatTimeout: STEP_HEARTBEAT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { ...STEP_RETRY, maximumAttempts: 8 },
  priority: { priorityKey: 2 },
});

/** Never retried by the server: the next attempt needs a new owner's token, and the budget of failures is the workflow's. */
const { moveChunks: move } = proxyActivities<Pick<SyncActivities, 'moveChunks'>>({
  startToCloseTimeout: LONGEST_STEP,
  // Cancelling waits until the attempt has drained, so that nothing it read is lost.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { maximumAttempts: 1 },
});

/** One window of one mover; `summary` is what the UI shows beside it. */
export function moveChunks(settings: SyncSettings, summary: string, input: MoveChunksInput): Promise<MoveChunksResult> {
  return move.executeWithOptions({ heartbeatTimeout: settings.heartbeatTimeoutMs, summary }, [input]);
}

/** Never retried by the server: every attempt takes another snapshot. */
const { holdSnapshot: hold } = proxyActivities<Pick<SyncActivities, 'holdSnapshot'>>({
  taskQueue: SNAPSHOT_TASK_QUEUE,
  startToCloseTimeout: '25h', // the longest that a source may configure is 24 h
  // A run is not over, and not paused, before its transaction at the source has ended.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { maximumAttempts: 1 },
});

/** Holds one snapshot of the source for a stream. */
export function holdSnapshot(settings: SyncSettings, stream: string, input: HoldSnapshotInput): Promise<HoldSnapshotResult> {
  return hold.executeWithOptions({ heartbeatTimeout: settings.heartbeatTimeoutMs, summary: `${stream}, snapshot` }, [input]);
}
