import type { CallSample } from '../contracts/call-meter.port.js';
import { one, type Db } from './database.js';

/** Sums of the calls of one operation in one minute. */
export interface UsageRowInput {
  workspaceId: string;
  connectionId: string;
  connector: string;
  kind: string;
  operation: string;
  /** Its beginning, ms since the epoch. */
  minuteMs: number;
  outcomes: Record<string, number>;
  /** By the number of the bucket. */
  latencies: Record<string, number>;
  bytesOut: number;
  bytesIn: number;
  retries: number;
  waitedMs: number;
}

export interface UsageFlush {
  /** Whose batch it is, and its number: a batch is taken once. */
  process: string;
  seq: number;
  rows: readonly UsageRowInput[];
  samples: readonly CallSample[];
  lost: Readonly<Record<string, number>>;
}

/** One statement: all of it, or nothing, or nothing any more. Rows are written in the order of their key, so that two processes do not wait for each other in a circle. */
export async function addUsage(db: Db, { process, seq, rows, samples, lost }: UsageFlush): Promise<void> {
  const flat = samples.map(({ caller, operation: { kind, name }, ...sample }) => ({
    ...{ ...caller, ...sample },
    ...{ kind, operation: name },
  }));
  await db.query(
    `WITH turn AS (
       INSERT INTO control.usage_process AS p (process, seq) VALUES ($1, $2)
       ON CONFLICT (process) DO UPDATE SET seq = EXCLUDED.seq, seen_at = now() WHERE p.seq < EXCLUDED.seq RETURNING 1
     ), counted AS (
       INSERT INTO control.usage AS u
         (workspace_id, connection_id, connector, kind, operation, at, span, outcomes, latencies, bytes_out, bytes_in, retries, waited_ms)
       SELECT "workspaceId", "connectionId", connector, kind, operation, to_timestamp("minuteMs" / 1000), 'minute', outcomes, latencies, "bytesOut", "bytesIn", retries, "waitedMs"
       FROM jsonb_to_recordset($3) AS r("workspaceId" uuid, "connectionId" uuid, connector text, kind text, operation text, "minuteMs" double precision, outcomes jsonb,
         latencies jsonb, "bytesOut" bigint, "bytesIn" bigint, retries bigint, "waitedMs" double precision)
       WHERE EXISTS (SELECT FROM turn) ORDER BY 1, 6, 2, 3, 4, 5
       ON CONFLICT (workspace_id, at, span, connection_id, connector, kind, operation) DO UPDATE SET
         outcomes = control.add_counts(u.outcomes, EXCLUDED.outcomes), latencies = control.add_counts(u.latencies, EXCLUDED.latencies),
         bytes_out = u.bytes_out + EXCLUDED.bytes_out, bytes_in = u.bytes_in + EXCLUDED.bytes_in, retries = u.retries + EXCLUDED.retries,
         waited_ms = u.waited_ms + EXCLUDED.waited_ms
     ), sampled AS (
       INSERT INTO control.usage_sample
         (workspace_id, connection_id, connector, kind, operation, host, at, outcome, status, latency_ms, waited_ms, bytes_out, bytes_in, attempt)
       SELECT "workspaceId", "connectionId", connector, kind, operation, host, to_timestamp("atMs" / 1000), outcome, status, "latencyMs", "waitedMs", "bytesOut", "bytesIn", attempt
       FROM jsonb_to_recordset($4) AS s("workspaceId" uuid, "connectionId" uuid, connector text, kind text, operation text, host text, "atMs" double precision, outcome text,
         status integer, "latencyMs" double precision, "waitedMs" double precision, "bytesOut" bigint, "bytesIn" bigint, attempt integer)
       WHERE EXISTS (SELECT FROM turn)
     )
     INSERT INTO control.usage_lost AS l (workspace_id, at, calls)
     SELECT key::uuid, date_trunc('hour', now(), 'UTC'), value::bigint FROM jsonb_each_text($5) WHERE EXISTS (SELECT FROM turn)
     ON CONFLICT (workspace_id, at) DO UPDATE SET calls = l.calls + EXCLUDED.calls`,
    [process, seq, JSON.stringify(rows), JSON.stringify(flat), JSON.stringify(lost)],
  );
}

/** By what sums are grouped, in the order of the answer. */
export type UsageGroup = 'connection' | 'connector' | 'operation' | 'hour' | 'day';

export interface UsageRequest {
  workspaceId: string;
  groupBy: readonly UsageGroup[];
  from: Date;
  /** Exclusive. */
  to: Date;
  connectionId: string | null;
  connector: string | null;
  operation: string | null;
  /** At most so many groups, and one more. */
  limit: number;
}

export interface UsageSum {
  connectionId: string | null;
  connector: string | null;
  kind: string | null;
  operation: string | null;
  at: Date | null;
  outcomes: Record<string, number>;
  latencies: Record<string, number>;
  bytesOut: number;
  bytesIn: number;
  retries: number;
  waitedMs: number;
}

const GROUPS: Record<UsageGroup, readonly string[]> = {
  connection: ['connection_id AS "connectionId"'],
  connector: ['connector'],
  operation: ['kind', 'operation'],
  hour: [`date_trunc('hour', at, 'UTC') AS at`],
  day: [`date_trunc('day', at, 'UTC') AS at`],
};

/** Sums of minutes and hours that begin in the range, in the order of the groups. Uses the primary key, or usage_connection. */
export async function sumUsage(db: Db, request: UsageRequest): Promise<UsageSum[]> {
  const columns = request.groupBy.flatMap((group) => GROUPS[group]);
  const places = columns.map((_, index) => index + 1).join(', ');
  const sums = [
    'control.sum_counts(outcomes) AS outcomes, control.sum_counts(latencies) AS latencies',
    'sum(bytes_out)::bigint AS "bytesOut", sum(bytes_in)::bigint AS "bytesIn", sum(retries)::bigint AS retries, sum(waited_ms) AS "waitedMs"',
  ];
  const { rows } = await db.query<UsageSum>(
    `SELECT ${[...columns, ...sums].join(', ')} FROM control.usage
     WHERE workspace_id = $1 AND at >= $2 AND at < $3 AND ($4::uuid IS NULL OR connection_id = $4) AND ($5::text IS NULL OR connector = $5)
       AND ($6::text IS NULL OR operation = $6)
     ${columns.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${places} ORDER BY ${places}`} LIMIT ${request.limit + 1}`,
    [request.workspaceId, request.from, request.to, request.connectionId, request.connector, request.operation],
  );
  return rows.map((row) => ({ ...{ connectionId: null, connector: null, kind: null, operation: null, at: null }, ...row }));
}

/** Calls of the range that were made and not counted. */
export async function lostUsage(db: Db, request: { workspaceId: string; from: Date; to: Date }): Promise<number> {
  const found = await db.query<{ calls: number }>(
    `SELECT coalesce(sum(calls), 0)::bigint AS calls FROM control.usage_lost
     WHERE workspace_id = $1 AND at >= date_trunc('hour', $2::timestamptz, 'UTC') AND at < $3`,
    [request.workspaceId, request.from, request.to],
  );
  return one(found)?.calls ?? 0;
}

export interface UsageSample {
  seq: number;
  connectionId: string;
  connector: string;
  kind: string;
  operation: string;
  host: string;
  at: Date;
  outcome: string;
  status: number | null;
  latencyMs: number;
  waitedMs: number;
  bytesOut: number;
  bytesIn: number;
  attempt: number;
}

/** The latest first; `before` is the `seq` of the last one seen. At most limit + 1. */
export async function listUsageSamples(
  db: Db,
  request: { workspaceId: string; connectionId: string | null; limit: number; before: number | null },
): Promise<UsageSample[]> {
  const { rows } = await db.query<UsageSample>(
    `SELECT id AS seq, connection_id AS "connectionId", connector, kind, operation, host, at, outcome, status, latency_ms AS "latencyMs",
            waited_ms AS "waitedMs", bytes_out AS "bytesOut", bytes_in AS "bytesIn", attempt
     FROM control.usage_sample
     WHERE workspace_id = $1 AND ($2::uuid IS NULL OR connection_id = $2) AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
    [request.workspaceId, request.connectionId, request.before, request.limit + 1],
  );
  return rows;
}

/** Minutes that are two days old become hours; what is older than `days`, and samples older than an hour, go. Safe in any number of processes. */
export async function tidyUsage(db: Db, { days }: { days: number }): Promise<void> {
  await db.query(
    `WITH old AS (
       DELETE FROM control.usage WHERE span = 'minute' AND at < date_trunc('hour', now(), 'UTC') - interval '48 hours' RETURNING *
     )
     INSERT INTO control.usage AS u
     SELECT workspace_id, connection_id, connector, kind, operation, date_trunc('hour', at, 'UTC'), 'hour', control.sum_counts(outcomes), control.sum_counts(latencies),
            sum(bytes_out), sum(bytes_in), sum(retries), sum(waited_ms)
     FROM old GROUP BY 1, 2, 3, 4, 5, 6
     ON CONFLICT (workspace_id, at, span, connection_id, connector, kind, operation) DO UPDATE SET
       outcomes = control.add_counts(u.outcomes, EXCLUDED.outcomes), latencies = control.add_counts(u.latencies, EXCLUDED.latencies),
       bytes_out = u.bytes_out + EXCLUDED.bytes_out, bytes_in = u.bytes_in + EXCLUDED.bytes_in, retries = u.retries + EXCLUDED.retries,
       waited_ms = u.waited_ms + EXCLUDED.waited_ms`,
  );
  await db.query(`DELETE FROM control.usage WHERE at < now() - $1 * interval '1 day'`, [days]);
  await db.query(`DELETE FROM control.usage_lost WHERE at < now() - $1 * interval '1 day'`, [days]);
  await db.query(`DELETE FROM control.usage_sample WHERE at < now() - interval '1 hour'`);
  await db.query(`DELETE FROM control.usage_process WHERE seen_at < now() - interval '1 day'`);
}
