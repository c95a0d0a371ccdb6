import type { Counts } from '../contracts/destination.port.js';
import type { JsonValue } from '../contracts/json.js';
import type { StreamState } from '../contracts/stream.js';
import { one, type Db } from './database.js';

export type RunStreamState = 'pending' | 'running' | 'finished' | 'failed';

export interface RunStreamRow {
  runId: string;
  stream: string;
  state: RunStreamState;
  /** As last read from the destination's ledger, with the time of reading. */
  counts: Counts | null;
  countsAt: Date | null;
  /** Where the source's plan goes on: `after` of Source.slices; null before the first page and after the last. */
  planNext: JsonValue | null;
  planComplete: boolean;
  /** The stream's state and the time that the plan was made from; null: planning has not begun. */
  planState: StreamState;
  planNow: Date | null;
  warnings: string[];
}
interface Key {
  runId: string;
  stream: string;
}

const COLUMNS = `run_id AS "runId", stream, state, counts, counts_at AS "countsAt", plan_next AS "planNext",
  plan_complete AS "planComplete", plan_state AS "planState", plan_now AS "planNow", warnings`;

/** Adds the run's streams; those that are there stay as they are. */
export async function insertRunStreams(db: Db, request: { runId: string; streams: readonly string[] }): Promise<void> {
  await db.query(
    `INSERT INTO control.run_stream (run_id, stream) SELECT $1, unnest($2::text[]) ON CONFLICT (run_id, stream) DO NOTHING`,
    [request.runId, request.streams],
  );
}

export async function getRunStream(db: Db, request: Key): Promise<RunStreamRow | null> {
  return one(
    await db.query<RunStreamRow>(`SELECT ${COLUMNS} FROM control.run_stream WHERE run_id = $1 AND stream = $2`, [
      request.runId,
      request.stream,
    ]),
  );
}

/** As getRunStream, and no other mover plans this stream until the transaction ends. */
export async function lockRunStream(tx: Db, request: Key): Promise<RunStreamRow | null> {
  return one(
    await tx.query<RunStreamRow>(`SELECT ${COLUMNS} FROM control.run_stream WHERE run_id = $1 AND stream = $2 FOR UPDATE`, [
      request.runId,
      request.stream,
    ]),
  );
}

/** By name. */
export async function listRunStreams(db: Db, request: { runId: string }): Promise<RunStreamRow[]> {
  const result = await db.query<RunStreamRow>(`SELECT ${COLUMNS} FROM control.run_stream WHERE run_id = $1 ORDER BY stream`, [
    request.runId,
  ]);
  return result.rows;
}

/** Of several runs at once, for lists. */
export async function listStreamsOfRuns(db: Db, request: { runIds: readonly string[] }): Promise<RunStreamRow[]> {
  const result = await db.query<RunStreamRow>(
    `SELECT ${COLUMNS} FROM control.run_stream WHERE run_id = ANY($1::uuid[]) ORDER BY run_id, stream`,
    [request.runIds],
  );
  return result.rows;
}

export async function setRunStreamState(db: Db, request: Key & { state: RunStreamState }): Promise<void> {
  await db.query(`UPDATE control.run_stream SET state = $3 WHERE run_id = $1 AND stream = $2`, [
    request.runId,
    request.stream,
    request.state,
  ]);
}

/** Fixes what the plan is made from, the first time only; later calls change nothing. */
export async function beginPlan(db: Db, request: Key & { state: StreamState; now: Date }): Promise<void> {
  await db.query(
    `UPDATE control.run_stream SET plan_state = $3, plan_now = $4 WHERE run_id = $1 AND stream = $2 AND plan_now IS NULL`,
    [request.runId, request.stream, request.state === null ? null : JSON.stringify(request.state), request.now],
  );
}

/** After a page of the plan was inserted, in the same transaction; next = null: the plan is complete. */
export async function setPlanNext(db: Db, request: Key & { next: JsonValue | null }): Promise<void> {
  await db.query(
    `UPDATE control.run_stream SET plan_next = $3, plan_complete = ($3::jsonb IS NULL) WHERE run_id = $1 AND stream = $2`,
    [request.runId, request.stream, request.next === null ? null : JSON.stringify(request.next)],
  );
}

/** Sums that were read from the ledger at `at`; older ones than those there are dropped. `calls`: that were made for pages since they were last told. */
export async function setRunStreamCounts(
  db: Db,
  { runId, stream, counts, at, calls = 0 }: Key & { counts: Counts; at: Date; calls?: number },
): Promise<void> {
  await db.query(
    `UPDATE control.run_stream SET calls = calls + $5, counts_at = greatest(counts_at, $4),
       counts = CASE WHEN counts_at IS NULL OR counts_at <= $4 THEN $3 ELSE counts END
     WHERE run_id = $1 AND stream = $2 AND (counts_at IS NULL OR counts_at <= $4 OR $5 > 0)`,
    [runId, stream, JSON.stringify(counts), at, calls],
  );
}

/** Words for the reader about this run of the stream: adds those that are not there yet. */
export async function addRunStreamWarnings(db: Db, request: Key & { warnings: readonly string[] }): Promise<void> {
  await db.query(
    `UPDATE control.run_stream SET warnings = warnings || ARRAY(SELECT new FROM unnest($3::text[]) new WHERE new <> ALL (warnings))
     WHERE run_id = $1 AND stream = $2 AND NOT warnings @> $3`,
    [request.runId, request.stream, request.warnings],
  );
}
