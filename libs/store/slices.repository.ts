import type { Slice } from '../contracts/stream.js';
import { one, theOne, type Db, type Transaction } from './database.js';

interface Key {
  runId: string;
  stream: string;
}
/** One attempt of one mover; it owns what it claimed as `${mover}:${attempt}`. */
export interface SliceOwner {
  /** Without a colon. */
  mover: string;
  attempt: number;
}
export interface ClaimedSlice {
  slice: Slice;
  /** How often the slice was claimed, this time included: the fence for Destination.open. */
  claims: number;
  /** It was held by an earlier attempt of the same mover. */
  takenOver: boolean;
}
export interface SliceCounts {
  pending: number;
  claimed: number;
  done: number;
}

const ownerOf = (owner: SliceOwner): string => `${owner.mover}:${owner.attempt}`;
interface ClaimRow {
  id: string;
  spec: Slice['spec'];
  partition: string;
  claims: number;
}
const claimed = (row: ClaimRow | null, takenOver: boolean): ClaimedSlice | null =>
  row === null ? null : { slice: { id: row.id, spec: row.spec, partition: row.partition }, claims: row.claims, takenOver };

/** Adds a page of the plan in its order; slices that are there stay as they are. Under the lock of lockRunStream. Returns how many are new. */
export async function insertSlices(tx: Db, request: Key & { slices: readonly Slice[] }): Promise<number> {
  const result = await tx.query(
    `INSERT INTO control.slice (run_id, stream, slice_id, spec, partition)
     SELECT $1, $2, s.id, s.spec, s.partition
     FROM ROWS FROM (jsonb_to_recordset($3::jsonb) AS (id text, spec jsonb, partition text)) WITH ORDINALITY AS s(id, spec, partition, n)
     ORDER BY s.n
     ON CONFLICT (run_id, stream, slice_id) DO NOTHING`,
    [request.runId, request.stream, JSON.stringify(request.slices)],
  );
  return result.rowCount ?? 0;
}

/** Takes over the first slice that an earlier attempt of the same mover still holds; null: there is none. */
export async function takeOverSlice(db: Db, request: Key & { owner: SliceOwner }): Promise<ClaimedSlice | null> {
  const result = await db.query<ClaimRow>(
    `UPDATE control.slice SET owner = $5, claims = claims + 1, claimed_at = now()
     WHERE (run_id, stream, slice_id) = (
       SELECT run_id, stream, slice_id FROM control.slice
       WHERE run_id = $1 AND stream = $2 AND state = 'claimed'
         AND split_part(owner, ':', 1) = $3 AND split_part(owner, ':', 2)::integer < $4
       ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING slice_id AS id, spec, partition, claims`,
    [request.runId, request.stream, request.owner.mover, request.owner.attempt, ownerOf(request.owner)],
  );
  return claimed(one(result), true);
}

/** Claims the next pending slice in plan order (index slice_open); movers do not wait for each other. null: none is pending. */
async function claimPendingSlice(db: Db, request: Key & { owner: SliceOwner }): Promise<ClaimedSlice | null> {
  const result = await db.query<ClaimRow>(
    `UPDATE control.slice SET state = 'claimed', owner = $3, claims = claims + 1, claimed_at = now()
     WHERE (run_id, stream, slice_id) = (
       SELECT run_id, stream, slice_id FROM control.slice
       WHERE run_id = $1 AND stream = $2 AND state = 'pending'
       ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING slice_id AS id, spec, partition, claims`,
    [request.runId, request.stream, ownerOf(request.owner)],
  );
  return claimed(one(result), false);
}

/** What the mover works on next: first what its earlier attempts left, then what is pending. */
export async function claimNextSlice(db: Db, request: Key & { owner: SliceOwner }): Promise<ClaimedSlice | null> {
  return (await takeOverSlice(db, request)) ?? (await claimPendingSlice(db, request));
}

/** The slice is complete at the destination. false: the caller does not own it any more. */
export async function markSliceDone(db: Db, request: Key & { sliceId: string; owner: SliceOwner }): Promise<boolean> {
  const result = await db.query(
    `UPDATE control.slice SET state = 'done', owner = NULL
     WHERE run_id = $1 AND stream = $2 AND slice_id = $3 AND state = 'claimed' AND owner = $4`,
    [request.runId, request.stream, request.sliceId, ownerOf(request.owner)],
  );
  return result.rowCount === 1;
}

/** Hands an unfinished slice back, for any mover. false: the caller does not own it any more. */
export async function releaseSlice(db: Db, request: Key & { sliceId: string; owner: SliceOwner }): Promise<boolean> {
  const result = await db.query(
    `UPDATE control.slice SET state = 'pending', owner = NULL
     WHERE run_id = $1 AND stream = $2 AND slice_id = $3 AND state = 'claimed' AND owner = $4`,
    [request.runId, request.stream, request.sliceId, ownerOf(request.owner)],
  );
  return result.rowCount === 1;
}

export async function countSlices(db: Db, request: Key): Promise<SliceCounts> {
  return theOne(
    await db.query<SliceCounts & Record<string, number>>(
      `SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'claimed') AS claimed,
              count(*) FILTER (WHERE state = 'done') AS done
       FROM control.slice WHERE run_id = $1 AND stream = $2`,
      [request.runId, request.stream],
    ),
  );
}

/** Counts of every stream of several runs. */
export async function countSlicesOfRuns(
  db: Db,
  request: { runIds: readonly string[] },
): Promise<(SliceCounts & { runId: string; stream: string })[]> {
  const result = await db.query<SliceCounts & { runId: string; stream: string }>(
    `SELECT run_id AS "runId", stream, count(*) FILTER (WHERE state = 'pending') AS pending,
            count(*) FILTER (WHERE state = 'claimed') AS claimed, count(*) FILTER (WHERE state = 'done') AS done
     FROM control.slice WHERE run_id = ANY($1::uuid[]) GROUP BY run_id, stream`,
    [request.runIds],
  );
  return result.rows;
}

/** Whether at least `atLeast` slices are pending: is it time to plan the next page? Stops counting there. */
export async function hasPendingSlices(db: Db, request: Key & { atLeast: number }): Promise<boolean> {
  const row = theOne(
    await db.query<{ n: number }>(
      `SELECT count(*) AS n FROM (
         SELECT 1 FROM control.slice WHERE run_id = $1 AND stream = $2 AND state = 'pending' LIMIT $3) AS pending`,
      [request.runId, request.stream, request.atLeast],
    ),
  );
  return row.n >= request.atLeast;
}

/** Plans of runs that ended long ago: nobody asks for them, and they are most of the rows. Returns how many slices are gone. */
export async function purgePlans(db: Db, request: { endedBeforeMs: number; limit: number }): Promise<number> {
  const result = await db.query(
    `DELETE FROM control.slice WHERE ctid IN (
       SELECT s.ctid FROM control.slice s JOIN control.run r ON r.id = s.run_id
       WHERE r.finished_at < now() - make_interval(secs => $1::double precision / 1000) LIMIT $2)`,
    [request.endedBeforeMs, request.limit],
  );
  return result.rowCount ?? 0;
}

/**
 * Whether this transaction is now the one that plans the stream, until it ends. Not the row's own lock: planning may wait for the source, and
 * counts and states of the stream are written meanwhile.
 */
export async function tryPlanLock(tx: Transaction, request: { runId: string; stream: string }): Promise<boolean> {
  const result = await tx.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended('sluice plan ' || $1::text || ' ' || $2::text, 0)) AS locked`,
    [request.runId, request.stream],
  );
  return theOne(result).locked;
}
