import { z } from 'zod';
import { parseServerConfig, serverConfigProperties, serverConfigRequired, serverConfigSchema } from '../../postgres/index.js';

/** Configuration of a `postgres` destination connection, secrets included. */
export const postgresConfigSchema = z.strictObject({
  ...serverConfigSchema.shape,
  max_connections: z.number().int().min(1).max(200).default(16),
});
export type PostgresConfig = z.infer<typeof postgresConfigSchema>;

export const postgresConnectionSpecification = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'PostgreSQL',
  type: 'object',
  required: serverConfigRequired,
  additionalProperties: false,
  properties: {
    ...serverConfigProperties,
    max_connections: {
      type: 'integer',
      title: 'Connections',
      description:
        'With how many connections one worker loads at the same time. What it asks in between takes a few more for moments.',
      minimum: 1,
      maximum: 200,
      default: 16,
      order: 7,
    },
  },
} as const;

/** Parses configuration and secrets together. Errors: CONFIG_INVALID with the fields' paths; never a value. */
export const parsePostgresConfig = (config: unknown): PostgresConfig => parseServerConfig(postgresConfigSchema, config);
