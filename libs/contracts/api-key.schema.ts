import { z } from 'zod';
import { API_SCOPES } from './api-scope.js';
import { resourceNameSchema } from './connection.schema.js';

const scopes = z
  .array(z.enum(API_SCOPES))
  .min(1)
  .describe('`read`: look at everything. `operate`: change definitions, and what runs. `call`: call actions.');
const connections = z
  .array(z.uuid())
  .min(1)
  .max(1_000)
  .nullable()
  .describe('Ids of the connections whose actions it may call; null: all.');
const callsPerMinute = z
  .int()
  .min(1)
  .max(1_000_000)
  .nullable()
  .describe('Calls of actions a minute, over all API processes, repeated ones included; null: as many as it likes.');

export const newApiKeySchema = z
  .strictObject({
    name: resourceNameSchema.describe('Who or what uses it: keys are told apart by it.'),
    scopes: scopes.default([...API_SCOPES]),
    connections: connections.default(null),
    calls_per_minute: callsPerMinute.default(null),
  })
  .meta({ id: 'NewApiKey' });
export type NewApiKey = z.output<typeof newApiKeySchema>;

const fields = {
  id: z.uuid(),
  name: z.string(),
  created_at: z.iso.datetime(),
  scopes,
  connections,
  calls_per_minute: callsPerMinute,
};

export const apiKeySchema = z
  .object({ ...fields, current: z.boolean().describe('The key that this request came with.') })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.output<typeof apiKeySchema>;

export const createdApiKeySchema = z
  .object({ ...fields, key: z.string().describe('The key itself: shown now and never again, since only its hash is kept.') })
  .meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.output<typeof createdApiKeySchema>;
