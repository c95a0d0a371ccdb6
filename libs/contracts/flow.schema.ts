import { z } from 'zod';
import { resourceNameSchema } from './connection.schema.js';
import { jsonObjectSchema } from './connector.schema.js';
import { RECORD_CHANGES, SYSTEM_EVENTS } from './flow-events.js';
import { jsonValueSchema } from './json.schema.js';

const text = (most: number) => z.string().min(1).max(most);
const expression = (language: string, says: string) => text(10_000).describe(`${language}: ${says}`);
const condition = (says: string) => expression('CEL', says);

/** Texts in it are JSONata; other values stand for themselves. */
export const mappingSchema = jsonValueSchema;
const mapping = (says: string) =>
  mappingSchema.describe(
    `${says} One text is JSONata that gives the whole; in an object or list each text is JSONata that gives that place, and what has no value is left out. Numbers, booleans and null stand for themselves; a text that is meant as such takes quotes: \`'"EUR"'\`.`,
  );

const connection = text(200).describe('Name or id of a connection.');
const sync = text(200).describe('Name or id of a sync.');
const action = text(63).describe('An action of its connector.');

export const FLOW_LIMITS = {
  steps: 50,
  /** Of one forEach. */
  items: 10_000,
  parallel: 20,
} as const;

const triggerSchema = z
  .strictObject({
    request: z
      .strictObject({
        input: jsonObjectSchema.default({ type: 'object' }).describe('JSON schema (draft 7) of the input, an object.'),
      })
      .optional()
      .describe('`POST /v1/flows/{id}/runs`.'),
    webhook: z
      .strictObject({ connection, event: text(200).describe('Type of the event, as the connector’s sluice.yaml names it.') })
      .optional()
      .describe('An event that a connection’s provider sends.'),
    schedule: z
      .strictObject({
        cron: text(200).describe('Five fields.'),
        timezone: z.string().min(1).max(100).default('UTC').describe('IANA zone in which `cron` is read.'),
      })
      .optional()
      .describe('At times.'),
    record: z
      .strictObject({
        sync,
        stream: text(500).describe('One of its streams.'),
        changes: z
          .array(z.enum(RECORD_CHANGES))
          .min(1)
          .max(RECORD_CHANGES.length)
          .default(['inserted', 'updated'])
          .describe('What starts the flow; a record that is marked as deleted is a deleted one.'),
      })
      .optional()
      .describe('A record that a run of a sync really changed at its destination.'),
    system: z
      .strictObject({
        event: z.enum(SYSTEM_EVENTS),
        sync: sync.optional().describe('Only of this sync; default: of any. Of `sync.` events.'),
        connection: connection.optional().describe('Only of this connection; default: of any. Of `connection.` events.'),
      })
      .optional()
      .describe('An event of Sluice itself.'),
  })
  .refine((on) => Object.keys(on).length === 1, 'name one of request, webhook, schedule, record, system');

const stepSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'lower-case letters, digits and underscores')
    .describe('Others see its result as `steps.<id>.result`.'),
  connection,
  action,
  if: condition('whether the step is made; default: it is.').optional(),
  forEach: expression(
    'JSONata',
    `a list: the step is made for each of its items (\`item\`, \`index\`); at most ${FLOW_LIMITS.items}.`,
  ).optional(),
  parallel: z.int().min(1).max(FLOW_LIMITS.parallel).default(4).describe('How many items of forEach at once.'),
  input: mapping('Of the action.').default({}),
  onError: z
    .enum(['fail', 'continue', 'compensate'])
    .default('fail')
    .describe('Where the step fails: the flow fails; goes on; or undoes what it did, in reverse order, and fails.'),
  compensate: z
    .strictObject({ connection: connection.optional(), action, input: mapping('Of that action; sees `result` too.').default({}) })
    .optional()
    .describe('What undoes the step, once it was made; default: what the action itself declares.'),
});

/** A flow as its author writes it. */
export const flowDefinitionSchema = z
  .strictObject({
    name: resourceNameSchema,
    description: text(2_000).optional(),
    on: triggerSchema.describe('What starts it.'),
    when: condition('whether a run does anything; default: it does.').optional(),
    steps: z.array(stepSchema).min(1).max(FLOW_LIMITS.steps).describe('One after the other.'),
    respond: mapping('Answer of a run; of `request` flows.').optional(),
  })
  .meta({ id: 'FlowDefinition' });
export type FlowDefinition = z.output<typeof flowDefinitionSchema>;

export const FLOW_TRIGGERS = ['request', 'webhook', 'schedule', 'record', 'system'] as const;
export type FlowTrigger = (typeof FLOW_TRIGGERS)[number];

/** The one thing that starts it. */
export const triggerOf = ({ on }: Pick<FlowDefinition, 'on'>): FlowTrigger =>
  FLOW_TRIGGERS.find((trigger) => on[trigger] !== undefined) ?? 'request';
