import { z } from 'zod';
import { jsonObjectSchema } from './connector.schema.js';
import { FLOW_TRIGGERS, flowDefinitionSchema } from './flow.schema.js';
import { pageQuerySchema } from './page.schema.js';
import { fieldErrorSchema } from './problem.schema.js';
import { runErrorSchema } from './run.schema.js';

const time = z.iso.datetime().nullable();

export const flowSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    version: z.int(),
    enabled: z.boolean().describe('Whether events and times start it, and requests are taken.'),
    trigger: z.enum(FLOW_TRIGGERS),
    definition: flowDefinitionSchema,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Flow' });
export type FlowView = z.output<typeof flowSchema>;

export const flowVersionSchema = z
  .object({ version: z.int(), hash: z.string(), definition: flowDefinitionSchema, created_at: z.iso.datetime() })
  .meta({ id: 'FlowVersion' });
export type FlowVersionView = z.output<typeof flowVersionSchema>;

/** POST /v1/flows/{id}/runs */
export const flowCallSchema = z
  .strictObject({ input: jsonObjectSchema.default({}).describe('As the flow’s `on.request.input` says.') })
  .meta({ id: 'FlowCall' });
export type FlowCall = z.output<typeof flowCallSchema>;

export const FLOW_RUN_STATES = [
  ...(['queued', 'running', 'waiting', 'compensating'] as const),
  ...(['succeeded', 'failed', 'compensated', 'skipped', 'cancelled'] as const),
] as const;
export type FlowRunState = (typeof FLOW_RUN_STATES)[number];
export const FLOW_STEP_STATES = ['running', 'succeeded', 'failed', 'skipped'] as const;
export const FLOW_CALL_STATES = ['planned', 'running', 'outcome_unknown', 'succeeded', 'failed'] as const;

const callSchema = z.object({
  item: z.int().describe('Which of the items of forEach; 0 without.'),
  state: z.enum(FLOW_CALL_STATES).describe('outcome_unknown: the run waits until a person resolves the run of the action.'),
  action_run_id: z.uuid().nullable().describe('See `/v1/action-runs/{id}` for its result and its tries.'),
  error: runErrorSchema.nullable(),
});

const stepRunSchema = z.object({
  id: z.string(),
  state: z.enum(FLOW_STEP_STATES),
  items: z.int().nullable().describe('How many items forEach gave; null without.'),
  error: runErrorSchema.nullable(),
  calls: z.array(callSchema).describe('At most 100 of them.'),
  undone: z.array(callSchema).describe('Compensations, at most 100 of them.'),
  finished_at: time,
});

export const flowRunSummarySchema = z
  .object({
    id: z.uuid(),
    flow_id: z.uuid(),
    flow_version: z.int(),
    trigger: z.enum(FLOW_TRIGGERS),
    event_id: z.uuid().nullable(),
    state: z
      .enum(FLOW_RUN_STATES)
      .describe(
        'waiting: for a person, see the step; compensated: a step failed and what had been done was undone; skipped: `when` said so.',
      ),
    idempotency_key: z.string(),
    error: runErrorSchema.nullable(),
    created_at: z.iso.datetime(),
    started_at: time,
    finished_at: time,
    workflow_id: z.string(),
  })
  .meta({ id: 'FlowRunSummary' });
export type FlowRunSummary = z.output<typeof flowRunSummarySchema>;

export const flowRunSchema = flowRunSummarySchema
  .extend({
    response: z.unknown().describe('What `respond` made; null until it succeeded.'),
    steps: z.array(stepRunSchema).describe('Those that were come to, in their order.'),
  })
  .meta({ id: 'FlowRun' });
export type FlowRunView = z.output<typeof flowRunSchema>;

export const flowRunQuerySchema = pageQuerySchema.extend({
  flow_id: z.uuid().optional().describe('Of this flow only.'),
  state: z.enum(FLOW_RUN_STATES).optional().describe('In this state only.'),
});
export type FlowRunQuery = z.output<typeof flowRunQuerySchema>;

/** POST /v1/flows/{id}:dry-run */
export const dryRunSchema = z
  .strictObject({
    input: jsonObjectSchema.optional().describe('Of a `request` flow.'),
    event: jsonObjectSchema.optional().describe('Of any other: `{type, body, …}`.'),
    results: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Samples of what steps give, by step; for forEach a list. A step without one gives null.'),
    version: z.int().min(1).optional().describe('Default: the current one.'),
  })
  .meta({ id: 'FlowDryRun' });
export type DryRunBody = z.output<typeof dryRunSchema>;

const plannedRequest = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
});

export const dryRunViewSchema = z
  .object({
    runs: z.boolean().describe('What `when` says.'),
    steps: z.array(
      z.object({
        id: z.string(),
        connection: z.string(),
        action: z.string(),
        outcome: z.enum(['would_run', 'skipped', 'would_fail']),
        items: z.int().nullable(),
        calls: z
          .array(
            z.object({
              item: z.int(),
              input: z.unknown(),
              request: plannedRequest
                .nullable()
                .describe(
                  'null where there is an error; secrets are hidden, and the idempotency key is not the one that a run would have.',
                ),
              errors: z.array(fieldErrorSchema),
            }),
          )
          .describe('At most 20 of them.'),
        errors: z.array(fieldErrorSchema),
      }),
    ),
    response: z.unknown(),
    errors: z.array(fieldErrorSchema).describe('Of `when` and `respond`.'),
  })
  .meta({ id: 'FlowDryRunResult' });
export type DryRunView = z.output<typeof dryRunViewSchema>;
