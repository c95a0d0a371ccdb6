import { z } from 'zod';
import { SluiceError } from '../../errors/index.js';

/** Configuration of a `postgres` destination connection, secrets included. */
export const postgresConfigSchema = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.number().int().min(1).max(65_535).default(5432),
  database: z.string().min(1).max(63),
  user: z.string().min(1).max(63),
  password: z.string().max(1_000).default(''),
  ssl: z.enum(['disable', 'require', 'verify-full']).default('disable'),
  ssl_ca: z.string().max(100_000).optional(),
  max_connections: z.number().int().min(1).max(200).default(16),
});
export type PostgresConfig = z.infer<typeof postgresConfigSchema>;

/** The same as JSON schema, as connectors publish it: forms are made from it, and `airbyte_secret` marks what is encrypted. */
export const postgresConnectionSpecification = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'PostgreSQL',
  type: 'object',
  required: ['host', 'database', 'user'],
  additionalProperties: false,
  properties: {
    host: { type: 'string', title: 'Host', minLength: 1, maxLength: 255, order: 0 },
    port: { type: 'integer', title: 'Port', minimum: 1, maximum: 65535, default: 5432, order: 1 },
    database: { type: 'string', title: 'Database', minLength: 1, maxLength: 63, order: 2 },
    user: { type: 'string', title: 'User', minLength: 1, maxLength: 63, order: 3 },
    password: { type: 'string', title: 'Password', maxLength: 1000, airbyte_secret: true, order: 4 },
    ssl: {
      type: 'string',
      title: 'TLS',
      description: 'disable: plain; require: encrypted, certificate not checked; verify-full: certificate and host name checked',
      enum: ['disable', 'require', 'verify-full'],
      default: 'disable',
      order: 5,
    },
    ssl_ca: { type: 'string', title: 'CA certificate (PEM)', maxLength: 100000, multiline: true, order: 6 },
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
export function parsePostgresConfig(config: unknown): PostgresConfig {
  const parsed = postgresConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new SluiceError('CONFIG_INVALID', {
    detail: 'the connection to PostgreSQL is not complete',
    errors: parsed.error.issues.map(({ path, message }) => ({ path: `/${path.join('/')}`, message })),
  });
}
