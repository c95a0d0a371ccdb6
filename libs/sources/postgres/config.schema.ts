import { z } from 'zod';
import { parseServerConfig, serverConfigProperties, serverConfigRequired, serverConfigSchema } from '../../postgres/index.js';

/** Configuration of a `postgres-source` connection, secrets included. */
export const postgresSourceConfigSchema = z.strictObject({
  ...serverConfigSchema.shape,
  schemas: z.array(z.string().min(1).max(63)).min(1).max(100).default(['public']),
  cursors: z.record(z.string(), z.string().min(1)).default({}),
  cursor_lag_seconds: z.number().min(0).max(86_400).default(5),
  /** Six hours: as long as one statement of ours may read. */
  snapshot_hold_seconds: z.number().int().min(1).max(86_400).default(21_600),
});
export type PostgresSourceConfig = z.infer<typeof postgresSourceConfigSchema>;

export const postgresSourceSpecification = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'PostgreSQL',
  type: 'object',
  required: serverConfigRequired,
  additionalProperties: false,
  properties: {
    ...serverConfigProperties,
    schemas: {
      type: 'array',
      title: 'Schemas',
      description: 'Schemas whose tables and views are streams.',
      items: { type: 'string', minLength: 1, maxLength: 63 },
      minItems: 1,
      maxItems: 100,
      default: ['public'],
      order: 7,
    },
    cursors: {
      type: 'object',
      title: 'Cursors',
      description:
        'By stream, the column that tells what is new: a time or a number that grows with every change. Default: updated_at or modified_at, where it is a time.',
      additionalProperties: { type: 'string', minLength: 1 },
      default: {},
      order: 8,
    },
    cursor_lag_seconds: {
      type: 'number',
      title: 'Cursor lag',
      description:
        'How far behind the oldest running transaction an incremental read ends. A value of a cursor may be so much older than the transaction that writes it.',
      minimum: 0,
      maximum: 86400,
      default: 5,
      order: 9,
    },
    snapshot_hold_seconds: {
      type: 'integer',
      title: 'Longest snapshot',
      description:
        'How long one snapshot of a table may be held while its ranges are read. While it is held, VACUUM keeps what it still shows, and commands that need the table for themselves (ALTER, TRUNCATE, VACUUM FULL) wait.',
      minimum: 1,
      maximum: 86400,
      default: 21600,
      order: 10,
    },
  },
} as const;

/** Errors: CONFIG_INVALID with the fields' paths; never a value. */
export const parsePostgresSourceConfig = (config: unknown): PostgresSourceConfig =>
  parseServerConfig(postgresSourceConfigSchema, config);
