import { z } from 'zod';
import { RUN_STATES } from './run-state.js';

/** How much of a limit is spent, now. */
export const budgetLimitUseSchema = z.object({
  kind: z.enum(['rate', 'concurrency']),
  name: z.string(),
  allowed: z.number().describe('Points that may be spent at once, or calls that may be under way.'),
  used: z.number(),
  remaining: z.number(),
  points: z.number().optional().describe('Rates: points a period.'),
  period_seconds: z.number().optional(),
  full_at: z.iso
    .datetime()
    .nullable()
    .optional()
    .describe('Rates: when all of it is there again if nobody calls; null: it is now.'),
});

/** A budget as GET /v1/budgets shows it. */
export const budgetViewSchema = z
  .object({
    id: z.uuid(),
    host: z.string(),
    account: z.string().describe('Names the account without telling its credential.'),
    limits: z.array(budgetLimitUseSchema),
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

const callersShape = {
  connection_id: z.uuid(),
  sync_id: z.uuid().nullable().describe('null: it belongs to no sync.'),
  run_id: z.uuid().nullable().describe('The sync’s run that is not over.'),
  operation: z
    .object({ kind: z.enum(['stream', 'action', 'lookup', 'credential', 'webhook']), name: z.string() })
    .nullable()
    .describe('null: a check, or a run that waits as a whole.'),
  class: z.enum(['interactive', 'batch']),
  weight: z.number().nullable().describe('Of the sync.'),
  calls: z
    .int()
    .describe(
      'Of this caller, in all processes; 0: they waited within the last second and were let go, or a run waits as a whole.',
    ),
};
const basis = z
  .enum(['this_run', 'earlier_runs', 'unknown'])
  .describe(
    '`this_run`: by what its finished slices took; `earlier_runs`: by the median of the latest five successful runs, since no slice is finished; `unknown`: nothing to conclude from.',
  );
const callsLeft = z.int().nullable().describe('null: unknown.');
const atLeast = z
  .boolean()
  .describe('It is no fewer than `calls_left`: more slices are being planned, or it needs more than earlier runs did.');

export const runForecastSchema = z
  .object({
    run_id: z.uuid(),
    sync_id: z.uuid(),
    sync_name: z.string(),
    connection_id: z.uuid(),
    state: z.enum(RUN_STATES),
    weight: z.number(),
    calls_made: z.int().describe('For pages; at most some seconds old.'),
    calls_left: callsLeft,
    at_least: atLeast,
    basis,
    calls_per_second: z.number().nullable(),
    pace: z
      .enum(['budget', 'measured'])
      .nullable()
      .describe(
        '`budget`: its share by weight of what the rates allow; `measured`: what the run achieved since it began, which is less, or no rate is declared.',
      ),
    seconds_left: z
      .number()
      .nullable()
      .describe('At that pace, the end of a block included; null: unknown. Of a paused run: once it goes on.'),
    finishes_at: z.iso.datetime().nullable().describe('null: unknown, or paused.'),
    streams: z.array(
      z.object({
        stream: z.string(),
        slices_done: z.int(),
        slices_left: z.int().describe('Of those that are planned.'),
        plan_complete: z.boolean(),
        calls_made: z.int(),
        calls_left: callsLeft,
        at_least: atLeast,
        basis,
      }),
    ),
  })
  .meta({ id: 'RunForecast' });
export type RunForecastView = z.output<typeof runForecastSchema>;

/** A budget as GET /v1/budgets/{id} shows it. */
export const budgetDetailSchema = budgetViewSchema
  .extend({
    waiting: z
      .array(
        z.object({
          ...callersShape,
          since: z.iso.datetime().nullable().describe('Of the call that waits longest; null: a run that waits as a whole.'),
          until: z.iso.datetime().nullable().describe('Until when a run waits as a whole.'),
        }),
      )
      .describe('Calls that waited for this budget within the last second, in all processes; then runs that wait on a timer.'),
    holding: z
      .array(z.object({ ...callersShape, since: z.iso.datetime() }))
      .describe('Calls that hold slots of it. Where no limit is declared: only while somebody waits.'),
    forecasts: z.array(runForecastSchema).describe('Of the runs of syncs that are not over and use this budget.'),
  })
  .meta({ id: 'BudgetDetail' });
export type BudgetDetailView = z.output<typeof budgetDetailSchema>;
