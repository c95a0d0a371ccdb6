import { z } from 'zod';
import { SluiceError } from '../errors/index.js';

/** How a PostgreSQL server is reached, secrets included: the part of a connection's configuration that sources and destinations share. */
export const serverConfigSchema = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.number().int().min(1).max(65_535).default(5432),
  database: z.string().min(1).max(63),
  user: z.string().min(1).max(63),
  password: z.string().max(1_000).default(''),
  ssl: z.enum(['disable', 'require', 'verify-full']).default('disable'),
  ssl_ca: z.string().max(100_000).optional(),
});
export type ServerConfig = z.infer<typeof serverConfigSchema>;

/** The same as properties of a JSON schema, as connectors publish it: forms are made from it, and `airbyte_secret` marks what is encrypted. */
export const serverConfigProperties = {
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
} as const;
export const serverConfigRequired = ['host', 'database', 'user'] as const;

/** Parses a configuration with its secrets. Errors: CONFIG_INVALID with the fields' paths; never a value. */
export function parseServerConfig<Schema extends z.ZodType>(schema: Schema, config: unknown): z.output<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new SluiceError('CONFIG_INVALID', {
    detail: 'the connection to PostgreSQL is not complete',
    errors: parsed.error.issues.map(({ path, message }) => ({ path: `/${path.join('/')}`, message })),
  });
}
