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

export async function appendRunLog(db: Db, request: { runId: string } & RunLogEntry): Promise<void> {
  await db.query(`INSERT INTO control.run_log (run_id, level, code, stream, message, details) VALUES ($1, $2, $3, $4, $5, $6)`, [
    request.runId,
    request.level,
    request.code,
    request.stream ?? null,
    request.message,
    JSON.stringify(request.details ?? {}),
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
