import { type Db, type Transaction } from './database.js';

interface Key {
  syncId: string;
  stream: string;
}

/** What became of the last version of a row. */
export interface ReverseRow {
  keyHash: Buffer;
  digest: Buffer;
  /** JSON text. */
  cursor: string | null;
  state: 'calling' | 'called' | 'rejected';
  /** The call that decides; null: the row makes no call. */
  actionRun: string | null;
  /** Its place in that call. */
  item: number;
  isNew: boolean;
  counted: boolean;
  attempts: number;
  record: Buffer | null;
  reason: string | null;
}
/** A row as it is from now on: about to be called, or rejected without a call. */
export type NewReverseRow = Pick<
  ReverseRow,
  'keyHash' | 'digest' | 'cursor' | 'state' | 'actionRun' | 'item' | 'isNew' | 'attempts' | 'reason'
> & { record: Buffer; field: string | null };
/** What became of a row: handed over, or not. */
export interface RowVerdict {
  keyHash: Buffer;
  /** Of the call that decided; a row that another call has meanwhile stays as it is. */
  actionRun: string;
  rejected: { reason: string; field: string | null } | null;
}

const COLUMNS = `key_hash AS "keyHash", digest, cursor, state, action_run AS "actionRun", item, is_new AS "isNew", counted, attempts, record, reason`;

/** One at a time decides which rows of a stream are to be called. */
export async function lockReverseRows(tx: Transaction, { syncId, stream }: Key): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`reverse ${syncId} ${stream}`]);
}

export async function findReverseRows(db: Db, request: Key & { keys: readonly Buffer[] }): Promise<ReverseRow[]> {
  const { rows } = await db.query<ReverseRow>(
    `SELECT ${COLUMNS} FROM control.reverse_row WHERE sync_id = $1 AND stream = $2 AND key_hash = ANY($3::bytea[])`,
    [request.syncId, request.stream, request.keys],
  );
  return rows;
}

/** Takes the place of what was known of the keys. */
export async function putReverseRows(
  tx: Transaction,
  request: Key & { runId: string; lane: string; rows: readonly NewReverseRow[] },
): Promise<void> {
  const of = <K extends keyof NewReverseRow>(name: K) => request.rows.map((row) => row[name]);
  await tx.query(
    `INSERT INTO control.reverse_row
       (sync_id, stream, run_id, lane, key_hash, digest, cursor, state, action_run, item, is_new, attempts, record, reason, field)
     SELECT $1, $2, $3, $4, r.* FROM unnest($5::bytea[], $6::bytea[], $7::text[], $8::text[], $9::uuid[], $10::integer[], $11::boolean[],
       $12::integer[], $13::bytea[], $14::text[], $15::text[]) AS r
     ON CONFLICT (sync_id, stream, key_hash) DO UPDATE SET run_id = excluded.run_id, lane = excluded.lane, digest = excluded.digest,
       cursor = excluded.cursor, state = excluded.state, action_run = excluded.action_run, item = excluded.item, is_new = excluded.is_new,
       attempts = excluded.attempts, record = excluded.record, reason = excluded.reason, field = excluded.field, counted = false, at = now()`,
    [
      ...[request.syncId, request.stream, request.runId, request.lane, of('keyHash'), of('digest'), of('cursor'), of('state')],
      ...[of('actionRun'), of('item'), of('isNew'), of('attempts'), of('record'), of('reason'), of('field')],
    ],
  );
}

/** The record of a row that was handed over is not kept. */
export async function settleReverseRows(tx: Transaction, request: Key & { verdicts: readonly RowVerdict[] }): Promise<void> {
  const { verdicts } = request;
  await tx.query(
    `UPDATE control.reverse_row r SET state = CASE WHEN v.reason IS NULL THEN 'called' ELSE 'rejected' END, reason = v.reason, field = v.field,
       record = CASE WHEN v.reason IS NULL THEN NULL ELSE r.record END, at = now()
     FROM unnest($3::bytea[], $4::uuid[], $5::text[], $6::text[]) AS v(key_hash, action_run, reason, field)
     WHERE r.sync_id = $1 AND r.stream = $2 AND r.key_hash = v.key_hash AND r.action_run = v.action_run`,
    [
      ...[request.syncId, request.stream, verdicts.map(({ keyHash }) => keyHash), verdicts.map(({ actionRun }) => actionRun)],
      ...[verdicts.map(({ rejected }) => rejected?.reason ?? null), verdicts.map(({ rejected }) => rejected?.field ?? null)],
    ],
  );
}

/** Rows that a chunk of the ledger counts. */
export async function countReverseRows(tx: Transaction, request: Key & { keys: readonly Buffer[] }): Promise<void> {
  await tx.query(
    `UPDATE control.reverse_row SET counted = true WHERE sync_id = $1 AND stream = $2 AND key_hash = ANY($3::bytea[]) AND NOT counted`,
    [request.syncId, request.stream, request.keys],
  );
}

/** Rejected by an earlier run, fewer than so many times, in the order of their ids; not those of which nobody knows whether they were handed over. */
export async function listRowsToRetry(
  db: Db,
  request: Key & { runId: string; mostAttempts: number; after: number; limit: number },
): Promise<(Pick<ReverseRow, 'record'> & { id: number })[]> {
  const { rows } = await db.query<Pick<ReverseRow, 'record'> & { id: number }>(
    `SELECT id, record FROM control.reverse_row
     WHERE sync_id = $1 AND stream = $2 AND state = 'rejected' AND run_id <> $3 AND attempts < $4 AND reason <> 'OUTCOME_UNKNOWN' AND id > $5
     ORDER BY id LIMIT $6`,
    [request.syncId, request.stream, request.runId, request.mostAttempts, request.after, request.limit],
  );
  return rows;
}

export interface RejectedRow {
  id: number;
  syncId: string;
  stream: string;
  lane: string;
  runId: string;
  reason: string;
  field: string | null;
  record: Buffer;
  at: Date;
}

/** Newest first. */
export async function listRejectedRows(
  db: Db,
  request: {
    syncIds: readonly string[];
    stream: string | null;
    runId: string | null;
    reason: string | null;
    field: string | null;
    since: Date | null;
    until: Date | null;
    before: string | null;
    limit: number;
  },
): Promise<RejectedRow[]> {
  const { rows } = await db.query<RejectedRow>(
    `SELECT id, sync_id AS "syncId", stream, lane, run_id AS "runId", reason, field, record, at FROM control.reverse_row
     WHERE state = 'rejected' AND sync_id = ANY($1::uuid[]) AND ($2::text IS NULL OR stream = $2) AND ($3::uuid IS NULL OR run_id = $3)
       AND ($4::text IS NULL OR reason = $4) AND ($5::text IS NULL OR field = $5) AND ($6::timestamptz IS NULL OR at >= $6)
       AND ($7::timestamptz IS NULL OR at < $7) AND ($8::bigint IS NULL OR id < $8) ORDER BY id DESC LIMIT $9`,
    [
      ...[request.syncIds, request.stream, request.runId, request.reason, request.field],
      ...[request.since, request.until, request.before, request.limit],
    ],
  );
  return rows;
}
