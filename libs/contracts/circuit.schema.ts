import { z } from 'zod';

/** A circuit that is not closed, as GET /v1/circuits shows it. */
export const circuitSchema = z
  .object({
    host: z.string(),
    account: z.string().describe('As in GET /v1/budgets.'),
    state: z.enum(['open', 'half_open']).describe('`half_open`: one call is finding out whether the host works again.'),
    reason: z.string(),
    opened_at: z.iso.datetime(),
    until: z.iso.datetime().describe('Then one call is let through.'),
    failed_probes: z.number(),
  })
  .meta({ id: 'Circuit' });
export type CircuitView = z.output<typeof circuitSchema>;
