import { z } from 'zod';
import { jsonObjectSchema } from './connector.schema.js';
import { pageQuerySchema } from './page.schema.js';
import { runErrorSchema } from './run.schema.js';

/** An action as a connector declares it. */
export const actionViewSchema = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    input: jsonObjectSchema.describe('JSON schema of the input.'),
    output: jsonObjectSchema.nullable().describe('JSON schema of the result.'),
    repeat: z
      .enum(['key', 'idempotent', 'lookup', 'none'])
      .describe(
        'What happens where the answer to a call is lost: the provider makes a call with the same key once; a repeat changes nothing more; a lookup tells whether it took effect; or a person has to find out (`outcome_unknown`).',
      ),
    compensate: z.string().nullable().describe('The action that undoes a call, in a flow that compensates.'),
  })
  .meta({ id: 'Action' });
export type ActionView = z.output<typeof actionViewSchema>;
export const actionsViewSchema = z.object({ data: z.array(actionViewSchema) }).meta({ id: 'Actions' });

/** POST /v1/connections/{id}/actions/{name} */
export const actionCallSchema = z
  .strictObject({ input: jsonObjectSchema.default({}).describe('As the action’s schema says.') })
  .meta({ id: 'ActionCall' });
export type ActionCallBody = z.output<typeof actionCallSchema>;

const time = z.iso.datetime().nullable();
const effectSchema = z.object({
  attempt: z.int(),
  state: z
    .enum(['reserved', 'sent', 'postponed', 'superseded', 'succeeded', 'failed', 'outcome_unknown'])
    .describe('postponed: nothing was done, another try follows; superseded: another try took its place.'),
  status: z.int().nullable().describe('HTTP status of the provider’s answer.'),
  resolved_by: z.enum(['answer', 'key', 'lookup', 'person']).nullable(),
  sent_at: time,
  deadline: time.describe('Its sender has given up by then.'),
  settled_at: time,
});

export const ACTION_RUN_STATES = ['queued', 'running', 'succeeded', 'failed', 'outcome_unknown'] as const;

export const actionRunSchema = z
  .object({
    id: z.uuid(),
    connection_id: z.uuid(),
    action: z.string(),
    connector_version: z.string(),
    state: z.enum(ACTION_RUN_STATES),
    idempotency_key: z.string(),
    result: z.unknown().describe('What the provider answered; null until it succeeded.'),
    error: runErrorSchema.nullable(),
    provider_answer: z.string().nullable().describe('The start of what a provider said that refused.'),
    effects: z.array(effectSchema).describe('The ledger: every try, oldest first.'),
    created_at: z.iso.datetime(),
    finished_at: time,
    workflow_id: z.string(),
  })
  .meta({ id: 'ActionRun' });
export type ActionRunView = z.output<typeof actionRunSchema>;

export const actionRunSummarySchema = actionRunSchema
  .omit({ result: true, provider_answer: true, effects: true })
  .meta({ id: 'ActionRunSummary' });
export type ActionRunSummary = z.output<typeof actionRunSummarySchema>;

export const actionRunQuerySchema = pageQuerySchema.extend({
  connection_id: z.uuid().optional().describe('Of this connection only.'),
  action: z.string().max(63).optional().describe('Of this action only.'),
  state: z.enum(ACTION_RUN_STATES).optional().describe('In this state only.'),
});
export type ActionRunQuery = z.output<typeof actionRunQuerySchema>;

/** POST /v1/action-runs/{id}:resolve */
export const resolveActionSchema = z
  .discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('succeeded'),
      result: z.unknown().optional().describe('What the call yielded, as far as is known.'),
    }),
    z.strictObject({ outcome: z.literal('failed') }),
    z.strictObject({ outcome: z.literal('not_sent').describe('It took no effect: make the call again.') }),
  ])
  .meta({ id: 'ResolveAction' });
export type ResolveAction = z.output<typeof resolveActionSchema>;
