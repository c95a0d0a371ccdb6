import type { Slice } from '../contracts/stream.js';
import type { StepError } from '../contracts/workflows.js';
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
  /** Given up by this run. */
  failed: number;
}

const ownerOf = (owner: SliceOwner): string => `${owner.mover}:${owner.attempt}`;
interface ClaimRow {
  id: string;
  spec: Slice['spec'];
  partition: string;
  claims: number;
  seq: number;
}
/** UPDATE … RETURNING keeps no order. */
const inOrder = (rows: readonly ClaimRow[], takenOver: boolean): ClaimedSlice[] =>
  [...rows]
    .sort((a, b) => a.seq - b.seq)
    .map(({ id, spec, partition, claims }) => ({ slice: { id, spec, partition }, claims, takenOver }));

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

interface ClaimRequest extends Key {
  owner: SliceOwner;
  /** How many at most. */
  limit: number;
}

/** Takes over the first slices that earlier attempts of the same mover still hold. */
export async function takeOverSlices(db: Db, request: ClaimRequest): Promise<ClaimedSlice[]> {
  const result = await db.query<ClaimRow>(
    `UPDATE control.slice SET owner = $5, claims = claims + 1, claimed_at = now()
     WHERE (run_id, stream, slice_id) IN (
       SELECT run_id, stream, slice_id FROM control.slice
       WHERE run_id = $1 AND stream = $2 AND state = 'claimed'
         AND split_part(owner, ':', 1) = $3 AND split_part(owner, ':', 2)::integer < $4
       ORDER BY seq LIMIT $6 FOR UPDATE SKIP LOCKED)
     RETURNING slice_id AS id, spec, partition, claims, seq`,
    [request.runId, request.stream, request.owner.mover, request.owner.attempt, ownerOf(request.owner), request.limit],
  );
  return inOrder(result.rows, true);
}

/** Claims the next pending slices in plan order (index slice_open); movers do not wait for each other. */
async function claimPendingSlices(db: Db, request: ClaimRequest): Promise<ClaimedSlice[]> {
  const result = await db.query<ClaimRow>(
    `UPDATE control.slice SET state = 'claimed', owner = $3, claims = claims + 1, claimed_at = now()
     WHERE (run_id, stream, slice_id) IN (
       SELECT run_id, stream, slice_id FROM control.slice
       WHERE run_id = $1 AND stream = $2 AND state = 'pending'
       ORDER BY seq LIMIT $4 FOR UPDATE SKIP LOCKED)
     RETURNING slice_id AS id, spec, partition, claims, seq`,
    [request.runId, request.stream, ownerOf(request.owner), request.limit],
  );
  return inOrder(result.rows, false);
}

/** What the mover works on next, in plan order: first what its earlier attempts left, then what is pending. None: nothing is. */
export async function claimNextSlices(db: Db, request: ClaimRequest): Promise<ClaimedSlice[]> {
  const left = await takeOverSlices(db, request);
  return left.length > 0 ? left : claimPendingSlices(db, request);
}

/** The slices are complete at the destination. Returns how many of them the caller still owned. */
export async function markSlicesDone(db: Db, request: Key & { sliceIds: readonly string[]; owner: SliceOwner }): Promise<number> {
  const result = await db.query(
    `UPDATE control.slice SET state = 'done', owner = NULL
     WHERE run_id = $1 AND stream = $2 AND slice_id = ANY($3::text[]) AND state = 'claimed' AND owner = $4`,
    [request.runId, request.stream, request.sliceIds, ownerOf(request.owner)],
  );
  return result.rowCount ?? 0;
}

/** The run gives the slice up, and goes on with the others. false: the caller did not own it any more. */
export async function markSliceFailed(
  db: Db,
  request: Key & { sliceId: string; owner: SliceOwner; error: StepError },
): Promise<boolean> {
  const result = await db.query(
    `UPDATE control.slice SET state = 'failed', owner = NULL, error = $5
     WHERE run_id = $1 AND stream = $2 AND slice_id = $3 AND state = 'claimed' AND owner = $4`,
    [request.runId, request.stream, request.sliceId, ownerOf(request.owner), JSON.stringify(request.error)],
  );
  return result.rowCount === 1;
}

/** What the first failed slice of the plan failed with; null: none did. */
export async function firstSliceError(db: Db, request: Key): Promise<StepError | null> {
  const row = one(
    await db.query<{ error: StepError }>(
      `SELECT error FROM control.slice WHERE run_id = $1 AND stream = $2 AND state = 'failed' ORDER BY seq LIMIT 1`,
      [request.runId, request.stream],
    ),
  );
  return row?.error ?? null;
}

/** Claims once more what the caller holds, so that it may open it anew. null: it holds it no more. */
export async function claimSliceAgain(db: Db, request: Key & { sliceId: string; owner: SliceOwner }): Promise<number | null> {
  const result = await db.query<{ claims: number }>(
    `UPDATE control.slice SET claims = claims + 1, claimed_at = now()
     WHERE run_id = $1 AND stream = $2 AND slice_id = $3 AND state = 'claimed' AND owner = $4 RETURNING claims`,
    [request.runId, request.stream, request.sliceId, ownerOf(request.owner)],
  );
  return result.rows[0]?.claims ?? null;
}

/** Hands unfinished slices back, for any mover. Returns how many of them the caller still owned. */
export async function releaseSlices(db: Db, request: Key & { sliceIds: readonly string[]; owner: SliceOwner }): Promise<number> {
  const result = await db.query(
    `UPDATE control.slice SET state = 'pending', owner = NULL
     WHERE run_id = $1 AND stream = $2 AND slice_id = ANY($3::text[]) AND state = 'claimed' AND owner = $4`,
    [request.runId, request.stream, request.sliceIds, ownerOf(request.owner)],
  );
  return result.rowCount ?? 0;
}

/**
 * Takes from the movers of a run that ends what is begun and not complete, a page in plan order; each once more claimed, so that it can be opened.
 * `all`: also what no mover of this run touched (it was begun by an earlier one). `after`: `seq` of the last one.
 */
export async function reclaimSlices(
  db: Db,
  request: Key & { all: boolean; after: number; limit: number },
): Promise<{ slices: ClaimedSlice[]; last: number | null }> {
  const result = await db.query<ClaimRow>(
    `UPDATE control.slice SET state = 'pending', owner = NULL, claims = claims + 1
     WHERE (run_id, stream, slice_id) IN (
       SELECT run_id, stream, slice_id FROM control.slice
       WHERE run_id = $1 AND stream = $2 AND state IN ('pending', 'claimed') AND (claims > 0 OR $3) AND seq > $4
       ORDER BY seq LIMIT $5 FOR UPDATE)
     RETURNING slice_id AS id, spec, partition, claims, seq`,
    [request.runId, request.stream, request.all, request.after, request.limit],
  );
  const last = Math.max(...result.rows.map(({ seq }) => seq));
  return { slices: inOrder(result.rows, true), last: result.rows.length === 0 ? null : last };
}

/**
 * Every slice of the stream is to be read again. Claims go on counting: an attempt from before has an older fence. false, and nothing is
 * changed: `holder` is not the newest of the stream's snapshot.
 */
export async function reopenSlices(tx: Transaction, request: Key & { holder: number }): Promise<boolean> {
  const { runId, stream, holder } = request;
  const mine = await tx.query(
    `SELECT 1 FROM control.run_stream WHERE run_id = $1 AND stream = $2 AND snapshot_holder = $3 FOR UPDATE`,
    [runId, stream, holder],
  );
  if (mine.rowCount === 0) return false;
  await tx.query(`UPDATE control.slice SET state = 'pending', owner = NULL WHERE run_id = $1 AND stream = $2`, [runId, stream]);
  return true;
}

/** The first in plan order. */
export async function firstSlice(db: Db, request: Key): Promise<Slice | null> {
  return one(
    await db.query<Slice>(
      `SELECT slice_id AS id, spec, partition FROM control.slice WHERE run_id = $1 AND stream = $2 ORDER BY seq LIMIT 1`,
      [request.runId, request.stream],
    ),
  );
}

export async function countSlices(db: Db, request: Key): Promise<SliceCounts> {
  return theOne(
    await db.query<SliceCounts & Record<string, number>>(
      `SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'claimed') AS claimed,
              count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state = 'failed') AS failed
       FROM control.slice WHERE run_id = $1 AND stream = $2`,
      [request.runId, request.stream],
    ),
  );
}

/** Whether a slice is not complete, or may still be planned. Uses the index slice_open. */
export async function hasOpenSlices(db: Db, request: Key): Promise<boolean> {
  const { open } = theOne(
    await db.query<{ open: boolean }>(
      `SELECT NOT r.plan_complete OR EXISTS (
         SELECT FROM control.slice s WHERE s.run_id = $1 AND s.stream = $2 AND s.state <> 'done' AND s.state IN ('pending', 'claimed')) AS open
       FROM control.run_stream r WHERE r.run_id = $1 AND r.stream = $2`,
      [request.runId, request.stream],
    ),
  );
  return open;
}

/** Counts of every stream of several runs. */
export async function countSlicesOfRuns(
  db: Db,
  request: { runIds: readonly string[] },
): Promise<(SliceCounts & { runId: string; stream: string })[]> {
  const result = await db.query<SliceCounts & { runId: string; stream: string }>(
    `SELECT run_id AS "runId", stream, count(*) FILTER (WHERE state = 'pending') AS pending,
            count(*) FILTER (WHERE state = 'claimed') AS claimed, count(*) FILTER (WHERE state = 'done') AS done,
            count(*) FILTER (WHERE state = 'failed') AS failed
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
