import { staleRun } from '../stale-run.js';
import type { StreamRef } from '../../contracts/destination.port.js';
import type { StateKey } from '../../contracts/stream-states.port.js';
import type { StreamState } from '../../contracts/stream.js';
import type { Session } from './session.js';

/** A row of sluice.stream. bigints that count runs and generations are read as numbers. */
export interface StreamRow {
  id: string;
  epoch: number;
  runId: string;
  preparedRun: string | null;
  finishedRun: string | null;
  generation: number;
  loading: boolean;
  reset: boolean;
  state: StreamState;
  stateVersion: string;
  schemaVersion: number;
}

const COLUMNS = `id, epoch::float8 AS epoch, run_id AS "runId", prepared_run AS "preparedRun", finished_run AS "finishedRun",
  generation::float8 AS generation, loading, reset, state, state_version AS "stateVersion", schema_version AS "schemaVersion"`;
/** The condition of a statement whose first parameters are `streamKey`. */
export const STREAM_KEY = 'installation = $1 AND sync_id = $2 AND stream = $3 AND lane = $4';

export const streamKey = (ref: StateKey): string[] => [ref.installation, ref.syncId, ref.stream, ref.lane];

/** `lock`: FOR UPDATE, which waits for the transactions of writers that are committing right now. */
export async function readStream(session: Session, ref: StateKey, options: { lock: boolean }): Promise<StreamRow | null> {
  const [row] = await session.query<StreamRow & Record<string, unknown>>(
    `reading the stream ${ref.stream}`,
    `SELECT ${COLUMNS} FROM sluice.stream WHERE ${STREAM_KEY} ${options.lock ? 'FOR UPDATE' : ''}`,
    streamKey(ref),
  );
  return row ?? null;
}

/** Locks the row of this very run. Errors: STALE_RUN. */
export async function lockOwnStream(session: Session, ref: StreamRef): Promise<StreamRow> {
  const row = await readStream(session, ref, { lock: true });
  if (row?.epoch !== ref.epoch || row.runId !== ref.runId) throw staleRun(ref);
  return row;
}

/** Makes `ref` the run that may write, in its own transaction. Idempotent. Returns the stream's id. Errors: STALE_RUN when a newer one is there. */
export async function raiseEpoch(session: Session, ref: StreamRef): Promise<string> {
  const what = `opening the stream ${ref.stream}`;
  return session.transaction(what, async () => {
    await session.query(
      what,
      `INSERT INTO sluice.stream (installation, sync_id, stream, lane, epoch, run_id) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (installation, sync_id, stream, lane) DO NOTHING`,
      [...streamKey(ref), ref.epoch, ref.runId],
    );
    const row = await readStream(session, ref, { lock: true });
    if (!row || row.epoch > ref.epoch || (row.epoch === ref.epoch && row.runId !== ref.runId)) throw staleRun(ref);
    if (row.epoch < ref.epoch)
      await session.query(what, 'UPDATE sluice.stream SET epoch = $2, run_id = $3 WHERE id = $1', [row.id, ref.epoch, ref.runId]);
    return row.id;
  });
}
