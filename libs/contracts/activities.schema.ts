import { z } from 'zod';
import { isErrorCode, type ErrorCode } from '../errors/index.js';

const stream = z.string().min(1).max(200);
const safeDetails = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const beginRunInputSchema = z.object({ runId: z.uuid() });
export type BeginRunInput = z.infer<typeof beginRunInputSchema>;

export const moveChunksInputSchema = z.object({
  runId: z.uuid(),
  stream,
  mover: z.string().regex(/^\d{1,4}$/),
  /** Counts the activities of this mover in this run. */
  attempt: z.number().int().min(1),
  windowMs: z.number().int().min(1),
  /** Of this mover since its last commit. Default 0. */
  failures: z.number().int().min(0).optional(),
});
export type MoveChunksInput = z.infer<typeof moveChunksInputSchema>;

export const holdSnapshotInputSchema = z.object({
  runId: z.uuid(),
  stream,
  /** Counts the attempts to hold one for the stream in this run. */
  holder: z.number().int().min(1),
  /** Whatever goes wrong, movers are to go on without. */
  last: z.boolean(),
});
export type HoldSnapshotInput = z.infer<typeof holdSnapshotInputSchema>;

export const finishStreamInputSchema = z.object({ runId: z.uuid(), stream });
export type FinishStreamInput = z.infer<typeof finishStreamInputSchema>;

export const reportRunInputSchema = z.object({
  runId: z.uuid(),
  state: z.enum(['running', 'rate_limited', 'paused']),
  /** Milliseconds since the epoch: when a rate-limited run goes on. */
  until: z.number().optional(),
});
export type ReportRunInput = z.infer<typeof reportRunInputSchema>;

const stepErrorSchema = z.object({
  code: z.custom<ErrorCode>(isErrorCode, 'an error code of the table'),
  detail: z.string().optional(),
  stream: stream.optional(),
  details: safeDetails.optional(),
});

export const endRunInputSchema = z.object({
  runId: z.uuid(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled']),
  error: stepErrorSchema.optional(),
});
export type EndRunInput = z.infer<typeof endRunInputSchema>;

export const startScheduledRunInputSchema = z.object({
  workspaceId: z.uuid(),
  syncId: z.uuid(),
  overlap: z.enum(['skip', 'wait']),
  /** Milliseconds since the epoch: the time that the schedule names. */
  scheduledFor: z.number().int(),
});
export type StartScheduledRunInput = z.infer<typeof startScheduledRunInputSchema>;
