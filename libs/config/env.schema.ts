import { z } from 'zod';
import { isApiKeyShaped, parseSecretKey } from '../secrets/index.js';

const KEY_EXAMPLE = 'the output of `openssl rand -base64 32`';
const url = (protocol: RegExp, message: string) => z.url({ protocol, error: message });

const secretKey = z.string().transform((text, context) => {
  const key = parseSecretKey(text);
  if (key !== null) return key;
  context.addIssue({ code: 'custom', message: 'must be 32 bytes in base64' });
  return z.NEVER;
});

const secretKeys = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(secretKey));

const milliseconds = (min: number, max: number, byDefault: number) =>
  z.coerce.number().int().min(min).max(max).default(byDefault).meta({ example: byDefault });
const count = (min: number, max: number, byDefault: number) => milliseconds(min, max, byDefault);

/** What every process of ours needs. */
const shared = {
  SLUICE_DATABASE_URL: url(/^postgres(ql)?$/, 'must be a postgres:// address').meta({
    example: 'postgres://sluice:secret@localhost:5432/sluice',
  }),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^\S+:\d+$/, 'must be host:port')
    .default('127.0.0.1:7233')
    .meta({ example: '127.0.0.1:7233' }),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default').meta({ example: 'default' }),
  /** `true`: what goes to Temporal is encrypted with a key made from SLUICE_SECRET_KEY. The same in every process of an installation. */
  SLUICE_TEMPORAL_ENCRYPTION: z.enum(['true', 'false']).default('false').meta({ example: 'false' }),
  /** How often runs and schedules are compared with what Temporal has. */
  SLUICE_RECONCILE_MS: milliseconds(100, 60_000, 10_000),
  /** How old a queued run without a workflow has to be to be started by the reconciler. */
  SLUICE_LOST_AFTER_MS: milliseconds(0, 60_000, 15_000),
  /** Encrypts credentials. */
  SLUICE_SECRET_KEY: secretKey.meta({ example: KEY_EXAMPLE }),
  /** Earlier keys, separated by commas: they still open what they encrypted. */
  SLUICE_SECRET_KEYS_OLD: secretKeys.default([]).meta({ example: KEY_EXAMPLE }),
  /** Private addresses that outgoing calls may reach, as host:port separated by commas; see libs/egress. */
  SLUICE_EGRESS_ALLOW: z.string().default('').meta({ example: '127.0.0.1:4010,db.internal:5432' }),
  /** The folder below which DuckDB files may lie; absent: DuckDB is not a destination here. The same files for every process. */
  SLUICE_DUCKDB_DIR: z.string().min(1).optional().meta({ example: '/var/lib/sluice/duckdb' }),
  /** The workflows' bundle; default: the one beside the build. */
  SLUICE_WORKFLOW_BUNDLE: z.string().min(1).optional().meta({ example: 'dist/workflows/bundle.js' }),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info').meta({ example: 'info' }),
};

/** Environment of apps/api. */
export const apiEnvSchema = z.object({
  ...shared,
  HOST: z.string().min(1).default('127.0.0.1').meta({ example: '127.0.0.1' }),
  /** 0: any free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080).meta({ example: 8080 }),
  /** A key of the default workspace that is registered at start. */
  SLUICE_BOOTSTRAP_API_KEY: z
    .string()
    .refine(isApiKeyShaped, 'must be sl_ and 43 characters of base64url')
    .optional()
    .meta({ example: 'sl_ and the output of `openssl rand 32 | basenc --base64url | tr -d =`' }),
  /** Where the outside reaches this API: addresses of hooks begin with it. */
  SLUICE_PUBLIC_URL: url(/^https?$/, 'must be an http(s) address')
    .optional()
    .meta({ example: 'https://sluice.example.com' }),
  /** The most bytes of a webhook's body. */
  SLUICE_HOOK_BYTES: count(1_024, 33_554_432, 1_048_576),
  /** Events are kept so long after they came, and recognised when they come again. */
  SLUICE_EVENT_DAYS: count(1, 3_650, 30),
  /** Calls of actions, and steps of flows that requests start, that the API process makes at once by itself, which spares them the way to a worker; 0: workers make all of them. */
  SLUICE_API_ACTIONS: count(0, 1_000, 50),
  /** How long the hours of `GET /v1/usage` are kept. */
  SLUICE_USAGE_DAYS: count(3, 3_650, 400),
  /** Where a person finds Temporal's UI; links are left out without it. */
  TEMPORAL_UI_URL: url(/^https?$/, 'must be an http(s) address')
    .optional()
    .meta({ example: 'http://127.0.0.1:8233' }),
});
export type ApiEnv = z.output<typeof apiEnvSchema>;

/** Environment of apps/worker. */
export const workerEnvSchema = z.object({
  ...shared,
  /** How long moveChunks works before it returns. */
  SLUICE_WINDOW_MS: milliseconds(100, 600_000, 60_000),
  /** Without a sign of life for so long, an attempt is given up; shorter only in tests. */
  SLUICE_HEARTBEAT_TIMEOUT_MS: milliseconds(1_000, 60_000, 10_000),
  /** Movers that one worker runs at once. */
  SLUICE_WORKER_ACTIVITIES: count(1, 100, 4),
  /** The most records of a chunk; it begins with a quarter of them, and adapts to how long commits take … */
  SLUICE_CHUNK_ROWS: count(1, 1_000_000, 80_000),
  /** … the same in bytes … */
  SLUICE_CHUNK_BYTES: count(1_024, 1_073_741_824, 33_554_432),
  /** … and it ends this long after its first record at the latest. */
  SLUICE_CHUNK_MS: milliseconds(1, 600_000, 5_000),
  /** A run goes on in a new history after so many events; 0: when Temporal suggests it. */
  SLUICE_CONTINUE_AFTER_EVENTS: count(0, 40_000, 0),
  /** Failures in a row, without a commit in between, that a mover survives: 8 ride out a minute. */
  SLUICE_FAILURE_BUDGET: count(0, 100, 8),
});
export type WorkerEnv = z.output<typeof workerEnvSchema>;
