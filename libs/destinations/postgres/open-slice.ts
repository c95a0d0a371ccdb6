import { staleRun } from '../stale-run.js';
import { staleWriter } from '../stale-writer.js';
import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import type { Position, Slice } from '../../contracts/stream.js';
import { terminateBackends } from './backends.js';
import type { Backend, Session } from './session.js';
import { readStream, STREAM_KEY, streamKey, type StreamRow } from './stream-row.js';

export interface OpenRequest {
  ref: StreamRef;
  target: StreamTarget;
  slice: Slice;
  fence: number;
}

/** What the statement that raised the fence found. */
export interface OpenedSlice extends Pick<StreamRow, 'generation' | 'loading' | 'schemaVersion'> {
  streamId: string;
  position: Position | null;
  seq: number;
  done: boolean;
  /** The partition has boundary records, of this slice or others. */
  bounded: boolean;
}

/**
 * Raises the fence and takes the position, in one statement that is its own transaction. The checkpoint of an unfinished slice of an earlier
 * run moves to this run, with its boundary records. Earlier writers of the slice are ended first, so that the statement waits for none of them:
 * where there is one the statement does nothing at its first try. Most slices were never open before, and take this one round trip.
 * Errors: STALE_RUN, STALE_WRITER.
 */
export async function openSlice(session: Session, request: OpenRequest, backends: readonly Backend[]): Promise<OpenedSlice> {
  const { ref, slice, fence } = request;
  const opened = await open(session, request, { backends, alone: true });
  if (opened) return opened;
  const stream = await readStream(session, ref, { lock: false });
  // A writer of an older run must not end the sessions of its successor.
  if (stream?.epoch !== ref.epoch || stream.runId !== ref.runId) throw staleRun(ref);
  await terminateBackends(session, {
    streamId: stream.id,
    where: 'c.slice_id = $2 AND (c.run_id <> $3 OR c.fence < $4)',
    values: [slice.id, ref.runId, fence],
  });
  const taken = await open(session, request, { backends, alone: false });
  if (taken) return taken;
  const now = await readStream(session, ref, { lock: false });
  if (now?.epoch !== ref.epoch) throw staleRun(ref);
  throw staleWriter(ref, { slice, fence });
}

/** `alone`: only if no earlier writer of the slice has a session. Undefined: it has, or this run or fence is not the newest. */
async function open(
  session: Session,
  { ref, target, slice, fence }: OpenRequest,
  { backends, alone }: { backends: readonly Backend[]; alone: boolean },
): Promise<OpenedSlice | undefined> {
  const [opened] = await session.query<OpenedSlice & Record<string, unknown>>(
    `opening a slice of ${ref.stream}`,
    OPEN,
    [
      ...streamKey(ref),
      ref.epoch,
      ref.runId,
      slice.id,
      JSON.stringify(slice.spec),
      slice.partition,
      fence,
      JSON.stringify(backends),
      target.resume === 'exact',
      target.mode === 'incremental_append',
      alone,
    ],
    { prepared: 'sluice_open' },
  );
  return opened;
}

/**
 * Uses the primary keys of stream and checkpoint. `adopted` is empty from the second opening in a run on. Its commit need not be on disk: the
 * first chunk's is, and with it what was written before; if the server dies earlier, no session of an older writer is left either.
 */
const OPEN = `
WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true)),
stream AS (
  SELECT id, generation::float8 AS generation, loading, schema_version FROM sluice.stream
  WHERE ${STREAM_KEY} AND epoch = $5 AND run_id = $6 AND NOT ($14 AND EXISTS (
    SELECT FROM sluice.checkpoint c
    CROSS JOIN LATERAL jsonb_to_recordset(c.backends) AS b(pid integer, started text)
    JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid AND a.backend_start = b.started::timestamptz
    WHERE c.stream_id = stream.id AND c.slice_id = $7 AND (c.run_id <> $6 OR c.fence < $10) AND a.pid <> pg_catalog.pg_backend_pid()))
  FOR KEY SHARE),
adopted AS (
  DELETE FROM sluice.checkpoint c USING stream s
  WHERE c.stream_id = s.id AND c.run_id <> $6 AND c.slice_id = $7 AND c.spec = $8::jsonb AND NOT c.done AND NOT s.loading AND $12 AND $13
  RETURNING c.run_id, c.position, c.updated_at),
latest AS (SELECT run_id, position FROM adopted WHERE position IS NOT NULL ORDER BY updated_at DESC LIMIT 1),
moved_boundary AS (
  UPDATE sluice.boundary b SET run_id = $6 FROM latest l, stream s
  WHERE b.stream_id = s.id AND b.partition = $9 AND b.run_id = l.run_id AND b.slice_id = $7),
moved_hits AS (
  UPDATE sluice.boundary_hit b SET run_id = $6 FROM latest l, stream s
  WHERE b.stream_id = s.id AND b.run_id = l.run_id AND b.slice_id = $7),
opened AS (
  INSERT INTO sluice.checkpoint AS c (stream_id, run_id, slice_id, spec, partition, fence, backends, position, inherited)
  SELECT s.id, $6, $7, $8::jsonb, $9, $10, $11::jsonb, (SELECT position FROM latest), EXISTS (SELECT FROM adopted) FROM stream s
  ON CONFLICT (stream_id, run_id, slice_id) DO UPDATE
  SET fence = excluded.fence, updated_at = clock_timestamp(),
      backends = CASE WHEN c.done THEN '[]' ELSE excluded.backends END,
      position = CASE WHEN $12 OR c.done THEN c.position END
  WHERE c.fence < excluded.fence
  RETURNING position, seq, done)
SELECT s.id::text AS "streamId", s.generation, s.loading, s.schema_version AS "schemaVersion", o.position, o.seq, o.done,
  EXISTS (SELECT FROM sluice.boundary b WHERE b.stream_id = s.id AND b.partition = $9) AS bounded
FROM opened o CROSS JOIN stream s CROSS JOIN relaxed`;
