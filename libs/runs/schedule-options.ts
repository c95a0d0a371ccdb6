import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { scheduledSyncWorkflowId, scheduleId, SYNC_TASK_QUEUE, type ScheduledSyncWorkflowInput } from '../contracts/workflows.js';
import type { Schedule } from '../contracts/sync-spec.schema.js';

/** What was missed while Temporal was away for longer than this is not made up for. */
export const CATCHUP_WINDOW_MS = 60_000;

/** A sync's schedule as Temporal understands it. Pure. */
export function scheduleOptions(sync: { id: string; workspaceId: string; name: string }, schedule: Schedule): ScheduleOptions {
  const input: ScheduledSyncWorkflowInput = { workspaceId: sync.workspaceId, syncId: sync.id, overlap: schedule.overlap };
  return {
    scheduleId: scheduleId(sync.id),
    spec: {
      ...(schedule.cron === undefined ? {} : { cronExpressions: [schedule.cron] }),
      ...(schedule.interval_seconds === undefined ? {} : { intervals: [{ every: schedule.interval_seconds * 1_000 }] }),
      timezone: schedule.timezone,
      jitter: schedule.jitter_seconds * 1_000,
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledSyncWorkflow',
      workflowId: scheduledSyncWorkflowId(sync.id),
      taskQueue: SYNC_TASK_QUEUE,
      args: [input],
      staticSummary: `schedule of sync ${sync.name}`,
    },
    policies: {
      // The workflow decides by the store about active runs; here it is only kept from queueing up behind one that waits.
      overlap: schedule.overlap === 'wait' ? ScheduleOverlapPolicy.BUFFER_ONE : ScheduleOverlapPolicy.ALLOW_ALL,
      catchupWindow: CATCHUP_WINDOW_MS,
    },
    state: { paused: schedule.paused },
  };
}
