import type { StreamRef } from '../../contracts/destination.port.js';
import type { StateKey } from '../../contracts/stream-states.port.js';
import type { StreamState } from '../../contracts/stream.js';
import { staleRun } from '../stale-run.js';
import type { Session } from './session.js';

/** A row of sluice.stream. */
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
  stateVersion: number;
  schemaVersion: number;
}

export async function readStream(session: Session, ref: StateKey): Promise<StreamRow | null> {
  const [row] = await session.query<Omit<StreamRow, 'state'> & { state: string | null }>(
    `reading the stream ${ref.stream}`,
    `SELECT id, epoch::DOUBLE AS epoch, run_id AS "runId", prepared_run AS "preparedRun", finished_run AS "finishedRun",
       generation::DOUBLE AS generation, loading, reset, state, state_version::DOUBLE AS "stateVersion", schema_version AS "schemaVersion"
     FROM sluice.stream WHERE installation = $1 AND sync_id = $2 AND stream = $3 AND lane = $4`,
    [ref.installation, ref.syncId, ref.stream, ref.lane],
  );
  return row ? { ...row, state: row.state === null ? null : (JSON.parse(row.state) as StreamState) } : null;
}

/** A stream that is not there yet. In the caller's transaction. */
export async function addStream(session: Session, ref: StreamRef): Promise<StreamRow> {
  await session.query(
    `adding the stream ${ref.stream}`,
    `INSERT INTO sluice.stream VALUES ($1, $2, $3, $4, nextval('sluice.stream_id'), $5::BIGINT, $6, NULL, NULL, 0, false, false, NULL, 0, 0, now())`,
    [ref.installation, ref.syncId, ref.stream, ref.lane, ref.epoch, ref.runId],
  );
  return (await readStream(session, ref)) as StreamRow;
}

/** The row of this very run. In the caller's transaction. Errors: STALE_RUN. */
export async function ownStream(session: Session, ref: StreamRef): Promise<StreamRow> {
  const row = await readStream(session, ref);
  if (row?.epoch !== ref.epoch || row.runId !== ref.runId) throw staleRun(ref);
  return row;
}
