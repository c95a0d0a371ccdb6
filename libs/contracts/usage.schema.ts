import { z } from 'zod';

const GROUPS = ['connection', 'connector', 'operation', 'hour', 'day'] as const;
const group = z.enum(GROUPS);

/** Query of GET /v1/usage. Defaults: grouped by connection and operation, the last seven days. */
export const usageQuerySchema = z
  .strictObject({
    group_by: z
      .string()
      .max(100)
      .default('connection,operation')
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(group).min(1).max(GROUPS.length))
      .refine((groups) => new Set(groups).size === groups.length, 'names a group twice')
      .refine((groups) => !(groups.includes('hour') && groups.includes('day')), 'takes hour or day, not both')
      .describe('Some of `connection`, `connector`, `operation`, and `hour` or `day` (UTC), with commas between.'),
    from: z.iso.datetime({ offset: true }).optional().describe('Default: seven days before `to`.'),
    to: z.iso.datetime({ offset: true }).optional().describe('Exclusive; default: now.'),
    connection: z.uuid().optional().describe('Of this connection only.'),
    connector: z.string().min(1).max(100).optional().describe('Of connections of this connector only.'),
    operation: z.string().min(1).max(500).optional().describe('Name of a stream or action.'),
  })
  .refine(({ from, to }) => from === undefined || Date.parse(from) < (to === undefined ? Date.now() : Date.parse(to)), {
    path: ['from'],
    message: 'is not before `to`',
  });
export type UsageQuery = z.output<typeof usageQuerySchema>;

const kind = z
  .enum(['stream', 'action', 'lookup', 'credential', 'webhook'])
  .describe(
    'What the calls are for: records of a stream, an action, the lookup of its outcome, a credential that either needs, or a webhook endpoint (whose id is `connection_id` then) that is told something.',
  );
const milliseconds = z.number().nullable().describe('In ms, at most 9 % beside the truth; null: no call.');

export const usageSchema = z
  .object({
    connection_id: z.uuid().optional(),
    connector: z.string().optional(),
    kind: kind.optional(),
    operation: z.string().optional(),
    at: z.iso.datetime().optional().describe('Beginning of the hour or day.'),
    calls: z.number().describe('Requests that left, repeats and redirects included.'),
    errors: z.record(z.string(), z.number()).describe('By class: `4xx`, `429`, `5xx`, `timeout`, `unreachable`, `refused`.'),
    error_rate: z.number().describe('Share of the calls, 0 to 1.'),
    cancelled: z.number().describe('Calls that were given up on our side.'),
    retries: z.number().describe('Calls that repeat another one.'),
    held: z.number().describe('Calls that were not made, since their budget was used up; they are tried again later.'),
    throttled_seconds: z.number().describe('How long calls waited for their budgets.'),
    bytes_out: z.number().describe('Of bodies, on the wire.'),
    bytes_in: z.number(),
    latency: z.object({ p50: milliseconds, p95: milliseconds, p99: milliseconds }),
  })
  .meta({ id: 'Usage' });
export type Usage = z.output<typeof usageSchema>;

export const usageAnswerSchema = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  data: z.array(usageSchema),
  lost_calls: z
    .number()
    .describe('Calls in these hours that were made and could not be counted: the control plane was away for long.'),
});

export const usageCallSchema = z
  .object({
    at: z.iso.datetime(),
    connection_id: z.uuid(),
    connector: z.string(),
    kind,
    operation: z.string(),
    host: z.string(),
    outcome: z.string(),
    status: z.number().nullable(),
    attempt: z.number().describe('1 for the first try.'),
    latency_ms: z.number(),
    throttled_ms: z.number(),
    bytes_out: z.number(),
    bytes_in: z.number(),
  })
  .meta({ id: 'UsageCall' });
export type UsageCall = z.output<typeof usageCallSchema>;
