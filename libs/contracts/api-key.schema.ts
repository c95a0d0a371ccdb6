import { z } from 'zod';
import { resourceNameSchema } from './connection.schema.js';

export const newApiKeySchema = z
  .strictObject({ name: resourceNameSchema.describe('Who or what uses it: keys are told apart by it.') })
  .meta({ id: 'NewApiKey' });
export type NewApiKey = z.output<typeof newApiKeySchema>;

const fields = {
  id: z.uuid(),
  name: z.string(),
  created_at: z.iso.datetime(),
};

export const apiKeySchema = z
  .object({ ...fields, current: z.boolean().describe('The key that this request came with.') })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.output<typeof apiKeySchema>;

export const createdApiKeySchema = z
  .object({ ...fields, key: z.string().describe('The key itself: shown now and never again, since only its hash is kept.') })
  .meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.output<typeof createdApiKeySchema>;
