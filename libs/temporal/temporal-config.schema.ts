import { z } from 'zod';

/** How processes reach Temporal. */
export const temporalConfigSchema = z.object({
  /** host:port of the frontend. */
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  /** `true`: payloads and failure messages are encrypted with keys derived from SLUICE_SECRET_KEY. */
  SLUICE_TEMPORAL_ENCRYPTION: z.enum(['true', 'false']).default('false'),
  SLUICE_SECRET_KEY: z.string().optional(),
});
export type TemporalConfig = z.infer<typeof temporalConfigSchema>;
