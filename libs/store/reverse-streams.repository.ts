import type { JsonObject } from '../contracts/json.js';
import { one, theOne, type Db, type Transaction } from './database.js';

interface Key {
  syncId: string;
  stream: string;
  lane: string;
}
interface Run extends Key {
  epoch: number;
  runId: string;
}

/** A stream whose rows go to an action. */
export interface ReverseStreamRow {
  id: number;
  epoch: number;
  runId: string;
  /** JSON text. */
  state: string | null;
  finishedRun: string | null;
}
export interface ReverseSliceRow {
  sliceId: string;
  spec: JsonObject;
  partition: string;
  /** JSON text. */
  position: string | null;
  done: boolean;
  seq: number;
}

const COLUMNS = 'id, epoch, run_id AS "runId", state, finished_run AS "finishedRun"';
const SLICE = 'slice_id AS "sliceId", spec, partition, position, done, seq';

/** Makes a run the one that may write, and takes the stream's row for the transaction; null: a newer run is there. */
export async function raiseReverseEpoch(tx: Transaction, run: Run): Promise<(ReverseStreamRow & { first: boolean }) | null> {
  const before = one(
    await tx.query<ReverseStreamRow>(
      `SELECT ${COLUMNS} FROM control.reverse_stream WHERE sync_id = $1 AND stream = $2 AND lane = $3 FOR UPDATE`,
      [run.syncId, run.stream, run.lane],
    ),
  );
  const row = one(
    await tx.query<ReverseStreamRow>(
      `INSERT INTO control.reverse_stream AS s (sync_id, stream, lane, epoch, run_id) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (sync_id, stream, lane) DO UPDATE SET epoch = $4, run_id = $5
       WHERE s.epoch < $4 OR (s.epoch = $4 AND s.run_id = $5) RETURNING ${COLUMNS}`,
      [run.syncId, run.stream, run.lane, run.epoch, run.runId],
    ),
  );
  return row === null ? null : { ...row, first: before?.runId !== run.runId };
}

/** The stream's row of this very run, held against a newer one for the transaction; null: a newer one is there. */
export async function holdReverseStream(tx: Transaction, run: Run): Promise<ReverseStreamRow | null> {
  return one(
    await tx.query<ReverseStreamRow>(
      `SELECT ${COLUMNS} FROM control.reverse_stream
       WHERE sync_id = $1 AND stream = $2 AND lane = $3 AND epoch = $4 AND run_id = $5 FOR UPDATE`,
      [run.syncId, run.stream, run.lane, run.epoch, run.runId],
    ),
  );
}

/** Refuses every run of an epoch below, for a stream that exists. */
export async function fenceReverseStream(db: Db, { epoch, ...key }: Key & { epoch: number }): Promise<void> {
  await db.query('UPDATE control.reverse_stream SET epoch = $4 WHERE sync_id = $1 AND stream = $2 AND lane = $3 AND epoch < $4', [
    key.syncId,
    key.stream,
    key.lane,
    epoch,
  ]);
}

export async function setReverseState(tx: Transaction, request: { id: number; state: string | null }): Promise<void> {
  await tx.query('UPDATE control.reverse_stream SET state = $2 WHERE id = $1', [request.id, request.state]);
}

export async function finishReverseStream(tx: Transaction, request: { id: number; runId: string }): Promise<void> {
  await tx.query('UPDATE control.reverse_stream SET finished_run = $2 WHERE id = $1', [request.id, request.runId]);
}

/** Raises the fence and takes the position; null: a newer writer is there. */
export async function openReverseSlice(
  tx: Transaction,
  request: { streamId: number; sliceId: string; spec: JsonObject; partition: string; fence: number },
): Promise<ReverseSliceRow | null> {
  return one(
    await tx.query<ReverseSliceRow>(
      `INSERT INTO control.reverse_slice AS s (stream_id, slice_id, spec, partition, fence) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (stream_id, slice_id) DO UPDATE SET fence = $5 WHERE s.fence < $5 RETURNING ${SLICE}`,
      [request.streamId, request.sliceId, JSON.stringify(request.spec), request.partition, request.fence],
    ),
  );
}

/** A chunk: its ledger row and the position behind it; false: a newer writer is there. */
export async function commitReverseChunk(
  tx: Transaction,
  request: {
    streamId: number;
    runId: string;
    sliceId: string;
    fence: number;
    position: string | null;
    done: boolean;
    counts: object;
  },
): Promise<boolean> {
  const moved = await tx.query<{ seq: number }>(
    `UPDATE control.reverse_slice SET position = $4, done = $5, seq = seq + 1 WHERE stream_id = $1 AND slice_id = $2 AND fence = $3 RETURNING seq`,
    [request.streamId, request.sliceId, request.fence, request.position, request.done],
  );
  const seq = moved.rows[0]?.seq;
  if (seq === undefined) return false;
  await tx.query('INSERT INTO control.reverse_chunk (stream_id, run_id, slice_id, seq, counts) VALUES ($1, $2, $3, $4, $5)', [
    ...[request.streamId, request.runId, request.sliceId, seq],
    JSON.stringify(request.counts),
  ]);
  return true;
}

/** Complete slices of partitions, by id. */
export async function listDoneReverseSlices(
  db: Db,
  request: { streamId: number; after: string; limit: number },
): Promise<ReverseSliceRow[]> {
  const { rows } = await db.query<ReverseSliceRow>(
    `SELECT ${SLICE} FROM control.reverse_slice WHERE stream_id = $1 AND done AND partition <> '' AND slice_id > $2 ORDER BY slice_id LIMIT $3`,
    [request.streamId, request.after, request.limit],
  );
  return rows;
}

export async function hasOpenReverseSlices(db: Db, request: { streamId: number }): Promise<boolean> {
  const { rowCount } = await db.query('SELECT 1 FROM control.reverse_slice WHERE stream_id = $1 AND NOT done LIMIT 1', [
    request.streamId,
  ]);
  return rowCount === 1;
}

export async function deleteReverseSlices(tx: Transaction, request: { streamId: number }): Promise<void> {
  await tx.query('DELETE FROM control.reverse_slice WHERE stream_id = $1', [request.streamId]);
}

/** Sums of the ledger for a run's stream, by count. */
export async function sumReverseChunks(
  db: Db,
  run: Key & { runId: string },
): Promise<Record<string, number> & { chunks: number }> {
  const row = theOne(
    await db.query<{ sums: Record<string, number> | null; chunks: number }>(
      `SELECT (SELECT jsonb_object_agg(key, sum) FROM (
           SELECT key, sum(value::bigint) AS sum FROM control.reverse_chunk c, jsonb_each_text(c.counts)
           WHERE c.stream_id = s.id AND c.run_id = $4 GROUP BY key) sums) AS sums,
         (SELECT count(*) FROM control.reverse_chunk c WHERE c.stream_id = s.id AND c.run_id = $4) AS chunks
       FROM (SELECT (SELECT id FROM control.reverse_stream WHERE sync_id = $1 AND stream = $2 AND lane = $3) AS id) s`,
      [run.syncId, run.stream, run.lane, run.runId],
    ),
  );
  return { ...row.sums, chunks: row.chunks };
}

/** Forgets a sync, or one of its streams: its rows are handed over anew afterwards. */
export async function deleteReverse(tx: Transaction, request: { syncId: string; stream?: string }): Promise<void> {
  const values = [request.syncId, request.stream ?? null];
  await tx.query('DELETE FROM control.reverse_row WHERE sync_id = $1 AND ($2::text IS NULL OR stream = $2)', values);
  await tx.query('DELETE FROM control.reverse_stream WHERE sync_id = $1 AND ($2::text IS NULL OR stream = $2)', values);
}
