import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import {
  FLOW_TASK_QUEUE,
  flowScheduleId,
  scheduledFlowWorkflowId,
  SCHEDULED_FLOW_WORKFLOW,
  type ScheduledFlowWorkflowInput,
} from '../contracts/flow-workflow.js';
import {
  listFlowSchedulesToApply,
  listScheduledFlows,
  markFlowScheduleApplied,
  type Db,
  type FlowRow,
  type FlowSchedule,
} from '../store/index.js';
import type { Scheduled, ScheduleStore } from './schedule-converger.js';
import { CATCHUP_WINDOW_MS } from './schedule-options.js';

/** Each time is an event: a run that is late does not keep the next one waiting. */
function optionsOf({ id, name }: FlowRow, { cron, timezone }: FlowSchedule): ScheduleOptions {
  const input: ScheduledFlowWorkflowInput = { flowId: id };
  return {
    scheduleId: flowScheduleId(id),
    spec: { cronExpressions: [cron], timezone },
    action: {
      type: 'startWorkflow',
      workflowType: SCHEDULED_FLOW_WORKFLOW,
      workflowId: scheduledFlowWorkflowId(id),
      taskQueue: FLOW_TASK_QUEUE,
      args: [input],
      staticSummary: `schedule of flow ${name}`,
    },
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: CATCHUP_WINDOW_MS },
  };
}

const scheduledOf = (flow: FlowRow): Scheduled => ({
  id: flow.id,
  scheduleRevision: flow.scheduleRevision,
  scheduleId: flowScheduleId(flow.id),
  options: flow.schedule === null ? null : optionsOf(flow, flow.schedule),
});

/** Schedules of flows. */
export const flowSchedules = (db: Db): ScheduleStore => ({
  toApply: async (request) => (await listFlowSchedulesToApply(db, request)).map(scheduledOf),
  scheduled: async (request) => (await listScheduledFlows(db, request)).map(scheduledOf),
  markApplied: (request) => markFlowScheduleApplied(db, request),
});
