import type { FieldError } from '../errors/index.js';
import { SluiceError } from '../errors/index.js';
import type { Finding, FindingCounts } from '../contracts/verifier.port.js';
import { isUniqueViolation, one, theOne, type Db } from './database.js';
import { toPage, type PageRequest, type PageResult } from './page.js';
import type { RunError } from './runs.repository.js';

export type VerificationState = 'running' | 'succeeded' | 'failed';

export interface VerificationRow {
  id: string;
  /** Creation order. */
  seq: number;
  workspaceId: string;
  syncId: string;
  /** Of the sync when it began. */
  epoch: number;
  source: boolean;
  repair: boolean;
  state: VerificationState;
  error: RunError | null;
  workflowId: string;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface VerificationStreamRow {
  stream: string;
  state: 'pending' | 'verified' | 'failed';
  rows: number | null;
  records: number | null;
  found: FindingCounts;
  repaired: number;
  notes: string[];
  error: (RunError & { errors?: readonly FieldError[] }) | null;
}

export interface FindingRow extends Finding {
  seq: number;
  stream: string;
}

const COLUMNS = `id, seq, workspace_id AS "workspaceId", sync_id AS "syncId", epoch, source, repair, state, error, workflow_id AS "workflowId",
  created_at AS "createdAt", finished_at AS "finishedAt"`;

/** With its streams, all pending. Errors: VERIFICATION_ACTIVE (unique index verification_active). */
export async function insertVerification(
  tx: Db,
  request: Pick<VerificationRow, 'id' | 'workspaceId' | 'syncId' | 'epoch' | 'source' | 'repair' | 'workflowId'> & {
    streams: readonly string[];
  },
): Promise<VerificationRow> {
  const { id, workspaceId, syncId, epoch, source, repair, workflowId, streams } = request;
  try {
    const row = theOne(
      await tx.query<VerificationRow>(
        `INSERT INTO control.verification (id, workspace_id, sync_id, epoch, source, repair, workflow_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
        [id, workspaceId, syncId, epoch, source, repair, workflowId],
      ),
    );
    await tx.query(`INSERT INTO control.verification_stream (verification_id, stream) SELECT $1, unnest($2::text[])`, [
      id,
      streams,
    ]);
    return row;
  } catch (error) {
    if (isUniqueViolation(error, 'verification_active')) throw new SluiceError('VERIFICATION_ACTIVE', { cause: error });
    throw error;
  }
}

export async function getVerification(db: Db, request: { id: string }): Promise<VerificationRow | null> {
  return one(await db.query<VerificationRow>(`SELECT ${COLUMNS} FROM control.verification WHERE id = $1`, [request.id]));
}

/** Those under way, oldest first, for the reconciler. By verification_active. */
export async function listActiveVerifications(
  db: Db,
  request: { olderThanMs: number; limit: number },
): Promise<VerificationRow[]> {
  const result = await db.query<VerificationRow>(
    `SELECT ${COLUMNS} FROM control.verification
     WHERE state = 'running' AND created_at < now() - make_interval(secs => $1::double precision / 1000) ORDER BY seq LIMIT $2`,
    [request.olderThanMs, request.limit],
  );
  return result.rows;
}

/** By name. */
export async function listVerificationStreams(db: Db, request: { id: string }): Promise<VerificationStreamRow[]> {
  const result = await db.query<VerificationStreamRow>(
    `SELECT stream, state, rows, records, found, repaired, notes, error FROM control.verification_stream
     WHERE verification_id = $1 ORDER BY stream`,
    [request.id],
  );
  return result.rows;
}

/** Replaces what was known of a stream, findings included, of an earlier attempt. */
export async function clearFindings(tx: Db, request: { id: string; stream: string }): Promise<void> {
  await tx.query(`DELETE FROM control.verification_finding WHERE verification_id = $1 AND stream = $2`, [
    request.id,
    request.stream,
  ]);
}

export async function addFindings(tx: Db, request: { id: string; stream: string; findings: readonly Finding[] }): Promise<void> {
  await tx.query(
    `INSERT INTO control.verification_finding (verification_id, stream, kind, key, columns, detail, outcome)
     SELECT $1, $2, f.kind, f.key, ARRAY(SELECT jsonb_array_elements_text(f.columns)), f.detail, f.outcome
     FROM jsonb_to_recordset($3::jsonb) AS f(kind text, key jsonb, columns jsonb, detail text, outcome text)`,
    [request.id, request.stream, JSON.stringify(request.findings)],
  );
}

export async function setVerificationStream(
  tx: Db,
  request: { id: string } & Pick<VerificationStreamRow, 'stream' | 'state'> & Partial<VerificationStreamRow>,
): Promise<void> {
  const { id, stream, state, rows = null, records = null, found = {}, repaired = 0, notes = [], error = null } = request;
  await tx.query(
    `UPDATE control.verification_stream
     SET state = $3, rows = $4, records = $5, found = $6, repaired = $7, notes = $8, error = $9
     WHERE verification_id = $1 AND stream = $2`,
    [id, stream, state, rows, records, JSON.stringify(found), repaired, notes, error === null ? null : JSON.stringify(error)],
  );
}

/** The first end counts. */
export async function endVerification(
  db: Db,
  request: { id: string; state: 'succeeded' | 'failed'; error?: RunError },
): Promise<void> {
  await db.query(
    `UPDATE control.verification SET state = $2, error = $3, finished_at = now() WHERE id = $1 AND state = 'running'`,
    [request.id, request.state, request.error === undefined ? null : JSON.stringify(request.error)],
  );
}

/** In the order in which they were found. By the primary key. */
export async function listFindings(
  db: Db,
  request: { id: string; stream: string | null; kind: string | null } & PageRequest,
): Promise<PageResult<FindingRow>> {
  const result = await db.query<FindingRow>(
    `SELECT seq, stream, kind, key, columns, detail, outcome FROM control.verification_finding
     WHERE verification_id = $1 AND ($2::text IS NULL OR stream = $2) AND ($3::text IS NULL OR kind = $3)
       AND seq > coalesce($4::bigint, 0) ORDER BY seq LIMIT $5`,
    [request.id, request.stream, request.kind, request.after, request.limit + 1],
  );
  return toPage(result.rows, request.limit);
}
