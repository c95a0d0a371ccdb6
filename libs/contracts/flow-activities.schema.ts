import { z } from 'zod';
import { endRunInputSchema } from './activities.schema.js';

// Apart from flow-workflow.ts: workflows take values from there, and each that begins would make these schemas anew.

const flowRunId = z.uuid();
const step = z.string().min(1).max(63);
export const flowInputSchema = z.object({ flowRunId });
export type FlowInput = z.infer<typeof flowInputSchema>;
export const flowStepInputSchema = z.object({ flowRunId, step });
export type FlowStepInput = z.infer<typeof flowStepInputSchema>;
export const flowCallInputSchema = z.object({ flowRunId, step, item: z.int().min(0) });
export type FlowCallInput = z.infer<typeof flowCallInputSchema>;
export const flowStateInputSchema = z.object({ flowRunId, state: z.enum(['running', 'waiting', 'compensating']) });
export type FlowStateInput = z.infer<typeof flowStateInputSchema>;
export const endFlowInputSchema = z.object({
  flowRunId,
  outcome: z.enum(['succeeded', 'failed', 'cancelled']),
  error: endRunInputSchema.shape.error,
});
export type EndFlowInput = z.infer<typeof endFlowInputSchema>;

export const fireFlowInputSchema = z.object({
  flowId: z.uuid(),
  /** Milliseconds since the epoch: the time that the schedule names. */
  scheduledFor: z.int(),
});
export type FireFlowInput = z.infer<typeof fireFlowInputSchema>;
