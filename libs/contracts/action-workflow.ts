import { z } from 'zod';
import { endRunInputSchema } from './activities.schema.js';

/** Task queue of what somebody waits for, actions and flows that a request starts: neither a load nor a burst of events delays it. */
export const ACTION_TASK_QUEUE = 'sluice-actions';

/** A run's workflow. One that was begun when tries were activities of their own is an `actionWorkflow`. */
export const ACTION_WORKFLOW = 'action';

export const actionWorkflowId = (runId: string): string => `action-run-${runId}`;

/** Ids only: input and answers stay in the store. */
export interface ActionWorkflowInput {
  runId: string;
}
export type ActionOutcomeState = 'succeeded' | 'failed' | 'outcome_unknown';
export interface ActionWorkflowResult {
  outcome: ActionOutcomeState;
}

export const performActionInputSchema = z.object({ runId: z.uuid() });
export type PerformActionInput = z.infer<typeof performActionInputSchema>;
export const failActionInputSchema = performActionInputSchema.extend({ error: endRunInputSchema.shape.error.unwrap() });
export type FailActionInput = z.infer<typeof failActionInputSchema>;

/** `wait`: nothing to do before `until` (ms since the epoch). */
export type ActionStep = { status: 'done'; outcome: ActionOutcomeState } | { status: 'wait'; until: number };

/** What the workflow of an action may ask for. */
export interface ActionActivities {
  /** The next step of a run: one try, or finding out what became of the last. What it may do the ledger says, so it can be called at any time. */
  performAction(input: PerformActionInput): Promise<ActionStep>;
  /** Ends a run that cannot go on: failed, or unknown where something was sent. */
  failAction(input: FailActionInput): Promise<ActionStep>;
}
