import { z } from 'zod';

/** A budget as GET /v1/budgets shows it. */
export const budgetViewSchema = z
  .object({
    id: z.uuid(),
    host: z.string(),
    account: z.string().describe('Names the account without telling its credential.'),
    limits: z.array(
      z.object({
        kind: z.enum(['rate', 'concurrency']),
        name: z.string(),
        allowed: z.number().describe('Points that may be spent at once, or calls that may be under way.'),
        used: z.number(),
        remaining: z.number(),
        points: z.number().optional().describe('Rates: points a period.'),
        period_seconds: z.number().optional(),
      }),
    ),
    blocked_until: z.iso.datetime().nullable().describe('No call starts before: the provider said so.'),
    observed: z
      .object({
        at: z.iso.datetime(),
        windows: z.array(
          z.object({
            name: z.string(),
            limit: z.number().nullable(),
            remaining: z.number().nullable(),
            resets_at: z.iso.datetime().nullable(),
          }),
        ),
      })
      .nullable()
      .describe(
        'What the provider’s headers said last. The window `concurrency` is our own: how many calls a process may have under way where no limit is declared.',
      ),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Budget' });
export type BudgetView = z.output<typeof budgetViewSchema>;
