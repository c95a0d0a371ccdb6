import { one, type Db } from './database.js';

interface Key {
  runId: string;
  stream: string;
}
interface HolderKey extends Key {
  /** Number of the attempt to hold. */
  holder: number;
}

/** What a stream's slices are read from. */
export interface RunSnapshot {
  /** All slices must be read from the same one. */
  bound: boolean;
  holder: number;
  /** How many were shown to movers so far. */
  taken: number;
  /** null: none is held now. */
  id: string | null;
  /** Movers go on without. */
  refused: boolean;
}

const COLUMNS = `snapshot_bound AS bound, snapshot_holder AS holder, snapshot_taken AS taken, snapshot_id AS id, snapshot_refused AS refused`;
const STREAM = 'run_id = $1 AND stream = $2';
const HOLDER = `${STREAM} AND snapshot_holder = $3`;

/** From now on one is to be held for the stream. Idempotent. */
export async function wantSnapshot(db: Db, { runId, stream, bound }: Key & { bound: boolean }): Promise<void> {
  await db.query(`UPDATE control.run_stream SET snapshot_bound = $3 WHERE ${STREAM}`, [runId, stream, bound]);
}

/** null: none is held for the stream. */
export async function getSnapshot(db: Db, { runId, stream }: Key): Promise<RunSnapshot | null> {
  return one(
    await db.query<RunSnapshot>(`SELECT ${COLUMNS} FROM control.run_stream WHERE ${STREAM} AND snapshot_bound IS NOT NULL`, [
      runId,
      stream,
    ]),
  );
}

/** Takes the one that is held away from movers, for a new holder. null: a newer holder is there, or none is wanted. */
export async function beginSnapshot(db: Db, { runId, stream, holder }: HolderKey): Promise<RunSnapshot | null> {
  return one(
    await db.query<RunSnapshot>(
      `UPDATE control.run_stream SET snapshot_holder = $3, snapshot_id = NULL
       WHERE ${STREAM} AND snapshot_bound IS NOT NULL AND snapshot_holder < $3 RETURNING ${COLUMNS}`,
      [runId, stream, holder],
    ),
  );
}

/** Shows it to movers. false: a newer holder is there. */
export async function showSnapshot(db: Db, { runId, stream, holder, id }: HolderKey & { id: string }): Promise<boolean> {
  const result = await db.query(
    `UPDATE control.run_stream SET snapshot_id = $4, snapshot_taken = snapshot_taken + 1, snapshot_refused = false WHERE ${HOLDER}`,
    [runId, stream, holder, id],
  );
  return result.rowCount === 1;
}

export async function hideSnapshot(db: Db, { runId, stream, holder }: HolderKey): Promise<void> {
  await db.query(`UPDATE control.run_stream SET snapshot_id = NULL WHERE ${HOLDER}`, [runId, stream, holder]);
}

/** Movers need not wait for one. */
export async function refuseSnapshot(db: Db, { runId, stream, holder }: HolderKey): Promise<void> {
  await db.query(`UPDATE control.run_stream SET snapshot_refused = true WHERE ${HOLDER}`, [runId, stream, holder]);
}
