import type {
  EndFlowInput,
  FireFlowInput,
  FlowCallInput,
  FlowInput,
  FlowStateInput,
  FlowStepInput,
} from './flow-activities.schema.js';

/** Task queue of flows that events and times start. Those that a request starts are on the queue of actions, which the API serves too. */
export const FLOW_TASK_QUEUE = 'sluice-flows';
export const FLOW_WORKFLOW = 'flow';
/** Temporal's priority: whoever made a request waits for it. */
export const FLOW_PRIORITY = { request: 1, event: 3 } as const;

export const flowWorkflowId = (flowRunId: string): string => `flow-${flowRunId}`;

export const SCHEDULED_FLOW_WORKFLOW = 'scheduledFlow';
export const flowScheduleId = (flowId: string): string => `sluice-flow-schedule-${flowId}`;
/** Prefix of what a schedule starts; Temporal appends the time. */
export const scheduledFlowWorkflowId = (flowId: string): string => `sluice-scheduled-flow-${flowId}`;

export interface ScheduledFlowWorkflowInput {
  flowId: string;
}
export interface ScheduledFlowWorkflowResult {
  /** `gone`: no flow waits for it any more. */
  outcome: 'stored' | 'gone';
}

/** Signal: a person said what became of a call that the flow waits for. */
export const RESOLVED_SIGNAL = 'resolved';

/** Where a continuation goes on. What was made lies in the store. */
export interface FlowCarry {
  /** Index of the step. */
  step: number;
  /** The first of its items that was not begun. */
  item: number;
  /** Items before it that had not ended. */
  open: readonly number[];
}

/** Ids only: input, event and answers stay in the store. */
export interface FlowWorkflowInput {
  flowRunId: string;
  /** Absent at the beginning of a run. */
  carry?: FlowCarry;
}
export type FlowOutcome = 'succeeded' | 'failed' | 'compensated' | 'skipped' | 'cancelled';
export interface FlowWorkflowResult {
  outcome: FlowOutcome;
}

/** A step as the workflow sees it. */
export interface FlowStepOutline {
  id: string;
  /** How many items at once. */
  parallel: number;
  onError: 'fail' | 'continue' | 'compensate';
}

export type BeginFlowResult =
  | { status: 'ready'; steps: readonly FlowStepOutline[]; continueAfterEvents: number }
  /** Nothing to do: it had ended, or `when` said so. */
  | { status: 'closed'; outcome: FlowOutcome };

export type PlanStepResult =
  | { status: 'ready'; items: number }
  /** Skipped, or ended before. */
  | { status: 'closed' }
  | { status: 'failed' };

/** Of one call. `wait`: nothing to do before `until` (ms since the epoch); `unknown`: a person has to say what became of it. */
export type CallResult =
  { status: 'succeeded' } | { status: 'failed' } | { status: 'unknown' } | { status: 'wait'; until: number };

/** `none`: nothing of the step is left to undo. */
export type UndoResult = CallResult | { status: 'none' };

/** What the workflow of a flow may ask for. Every one may be asked again: what was done is in the store. */
export interface FlowActivities {
  beginFlow(input: FlowInput): Promise<BeginFlowResult>;
  /** Decides once whether the step is made, and for which items. */
  planStep(input: FlowStepInput): Promise<PlanStepResult>;
  /** The next of what one call of a step needs: its input, a try of its action, or what became of the last. */
  callStep(input: FlowCallInput): Promise<CallResult>;
  /** Writes down how the step ended; the calls decide. */
  endStep(input: FlowStepInput): Promise<{ status: 'succeeded' | 'failed' }>;
  /** The next of what the last call of the step that is not undone needs. */
  undoStep(input: FlowStepInput): Promise<UndoResult>;
  reportFlow(input: FlowStateInput): Promise<void>;
  /** Ends the run; where it succeeded, with its response. The first end counts. */
  endFlow(input: EndFlowInput): Promise<FlowWorkflowResult>;
  /** Stores the event of a flow's time, once. */
  fireFlow(input: FireFlowInput): Promise<ScheduledFlowWorkflowResult>;
}
