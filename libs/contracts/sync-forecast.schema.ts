import { z } from 'zod';
import { budgetLimitUseSchema } from './budget-view.schema.js';

const basis = z
  .enum(['earlier_runs', 'unknown'])
  .describe('`earlier_runs`: the median of the latest five runs that did the same; `unknown`: there are none.');
const calls = {
  calls: z.int().nullable().describe('null: unknown.'),
  calls_least: z.int().nullable().describe('Of those runs.'),
  calls_most: z.int().nullable().describe('Of those runs.'),
};

/** What a run of a sync would take that began now, as GET /v1/syncs/{id}/forecast shows it. */
export const syncForecastSchema = z
  .object({
    sync_id: z.uuid(),
    connection_id: z.uuid().describe('The source, whose budget it is.'),
    ...calls,
    basis,
    seconds: z
      .number()
      .nullable()
      .describe('From its beginning to its end, at the budget as it is now, the end of a block included; null: unknown.'),
    finishes_at: z.iso.datetime().nullable().describe('If it began now; null: unknown.'),
    pace: z
      .enum(['budget', 'measured'])
      .nullable()
      .describe(
        'What decides the time. `budget`: its share of the rates; `measured`: earlier runs took longer than that, or no rate is declared.',
      ),
    excludes: z
      .array(z.enum(['destination_calls', 'policy_limits']))
      .describe(
        'What the figures leave out. `destination_calls`: calls of actions that rows become; `policy_limits`: allowances of a manifest’s policies, since which call belongs to one is known when it is made. Times of earlier runs include both.',
      ),
    active_run_id: z.uuid().nullable().describe('A run of its live lane that is not over: another one begins after it.'),
    runs: z
      .array(z.object({ run_id: z.uuid(), finished_at: z.iso.datetime(), calls: z.int(), seconds: z.number() }))
      .describe('Runs that did as a whole what the next one will do, newest first, at most five: what `seconds` is founded on.'),
    streams: z.array(
      z.object({
        stream: z.string(),
        loads_anew: z
          .boolean()
          .describe(
            'From the beginning: a full refresh, a first load or a reset. Runs that loaded it the same way are learnt from.',
          ),
        ...calls,
        runs: z.int().describe('How many runs it is concluded from.'),
        basis,
      }),
    ),
    budget: z.object({
      id: z.uuid().nullable().describe('null: no call was counted yet.'),
      host: z.string(),
      limits: z.array(budgetLimitUseSchema).describe('Empty: none is declared.'),
      blocked_until: z.iso.datetime().nullable().describe('No call starts before: the provider said so.'),
      weight: z.number().describe('Of this sync.'),
      shared_with: z
        .array(z.object({ sync_id: z.uuid(), run_id: z.uuid(), weight: z.number() }))
        .describe('Runs of other syncs that use the budget now: each gets its part by weight.'),
      calls_per_second: z.number().nullable().describe('Its part of what the rates allow; null: no rate is declared.'),
      calls_at_once: z
        .int()
        .nullable()
        .describe(
          'With how many calls it could begin this moment: what is used, held or kept for actions is not among them; null: no limit is declared.',
        ),
    }),
  })
  .meta({ id: 'SyncForecast' });
export type SyncForecastView = z.output<typeof syncForecastSchema>;
