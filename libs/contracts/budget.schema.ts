import { z } from 'zod';

/** One limit of an account's budget. */
export const budgetLimitSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rate'),
    name: z.string().min(1).max(60).default('rate'),
    /** Points per period; a call costs one point unless said otherwise. */
    points: z.number().int().min(1),
    period_seconds: z.number().positive().max(86_400),
    /** How many points may be spent at once; default: points. */
    burst: z.number().int().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('concurrency'),
    name: z.string().min(1).max(60).default('concurrency'),
    max: z.number().int().min(1).max(10_000),
  }),
]);
export type BudgetLimit = z.infer<typeof budgetLimitSchema>;
export const budgetSchema = z.strictObject({ limits: z.array(budgetLimitSchema).min(1).max(10) });
