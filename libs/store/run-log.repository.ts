import { type Db } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';

export interface RunLogEntry {
  level: 'info' | 'warn' | 'error';
  /** An error code or an event's name. */
  code: string;
  stream?: string | null;
  /** Never a record's content, never a secret. */
  message: string;
  details?: Readonly<Record<string, string | number | boolean | null>>;
}
export interface RunLogRow {
  seq: number;
  at: Date;
  level: RunLogEntry['level'];
  code: string;
  stream: string | null;
  message: string;
  details: Record<string, string | number | boolean | null>;
}

/** `quietMinutes`: nothing is added where the stream's log has the code in so many last minutes. Default: always added. */
export async function appendRunLog(db: Db, request: { runId: string; quietMinutes?: number } & RunLogEntry): Promise<void> {
  const sql = `INSERT INTO control.run_log (run_id, level, code, stream, message, details) SELECT $1::uuid, $2, $3::text, $4::text, $5, $6::jsonb
     WHERE NOT EXISTS (SELECT FROM control.run_log WHERE run_id = $1 AND code = $3 AND stream IS NOT DISTINCT FROM $4
       AND at > now() - make_interval(mins => $7::integer))`;
  await db.query(sql, [
    request.runId,
    request.level,
    request.code,
    request.stream ?? null,
    request.message,
    JSON.stringify(request.details ?? {}),
    request.quietMinutes ?? 0,
  ]);
}

/** Oldest first. */
export async function listRunLog(db: Db, request: { runId: string } & PageRequest): Promise<PageResult<RunLogRow>> {
  const result = await db.query<RunLogRow>(
    `SELECT seq, at, level, code, stream, message, details FROM control.run_log
     WHERE run_id = $1 AND seq > coalesce($2::bigint, 0) ORDER BY seq LIMIT $3`,
    [request.runId, request.after, request.limit + 1],
  );
  return toPage(result.rows, request.limit);
}
