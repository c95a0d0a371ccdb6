/** Task queue of flows: neither a load nor a burst of events delays a call that somebody waits for. */
export const FLOW_TASK_QUEUE = 'sluice-flows';
export const FLOW_WORKFLOW = 'flow';
/** Temporal's priority: whoever made a request waits for it. */
export const FLOW_PRIORITY = { request: 1, event: 3 } as const;

export const flowWorkflowId = (flowRunId: string): string => `flow-${flowRunId}`;

/** Ids only: input, event and answers stay in the store. */
export interface FlowWorkflowInput {
  flowRunId: string;
}
