import { z } from 'zod';
import { endRunInputSchema } from './activities.schema.js';

export const verifyWorkflowId = (verificationId: string): string => `verify-${verificationId}`;

export interface VerifyWorkflowInput {
  verificationId: string;
  streams: readonly string[];
}
/** What was found lies in the store: keys of records never reach Temporal. */
export interface VerifyWorkflowResult {
  verified: number;
  failed: number;
}

export const verifyStreamInputSchema = z.object({ verificationId: z.uuid(), stream: z.string().min(1).max(200) });
export type VerifyStreamInput = z.infer<typeof verifyStreamInputSchema>;

export const failStreamInputSchema = verifyStreamInputSchema.extend({ error: endRunInputSchema.shape.error.unwrap() });
export type FailStreamInput = z.infer<typeof failStreamInputSchema>;

export const endVerificationInputSchema = z.object({
  verificationId: z.uuid(),
  state: z.enum(['succeeded', 'failed']),
  error: endRunInputSchema.shape.error,
});
export type EndVerificationInput = z.infer<typeof endVerificationInputSchema>;

/** What the workflow of a verification may ask for. */
export interface VerifyActivities {
  /** Looks at one stream and stores what it finds; a second try begins anew. Returns counts for the eye. */
  verifyStream(input: VerifyStreamInput): Promise<{ rows: number; findings: number }>;
  /** Notes why a stream could not be verified. */
  failVerifiedStream(input: FailStreamInput): Promise<void>;
  endVerification(input: EndVerificationInput): Promise<void>;
}
