import { ACTIVE_RUN_STATES } from '../contracts/run-state.js';
import { RECORD_CHANGES, recordEventType, recordSubject, type RecordChangeKind } from '../contracts/flow-events.js';
import { one, type Db } from './database.js';

/** Changes that flows wait for now, by stream of a sync; streams that none waits for are not in it. */
export async function listWantedChanges(
  db: Db,
  request: { workspaceId: string; syncId: string; streams: readonly string[] },
): Promise<ReadonlyMap<string, readonly RecordChangeKind[]>> {
  const { workspaceId, syncId, streams } = request;
  const subjects = new Map(streams.map((stream) => [recordSubject({ syncId, stream }), stream]));
  const { rows } = await db.query<{ subject: string; type: string }>(
    `SELECT DISTINCT subject, event_type AS type FROM control.subscription
     WHERE workspace_id = $1 AND connection_id IS NULL AND event_type = ANY($2) AND subject = ANY($3)`,
    [workspaceId, RECORD_CHANGES.map(recordEventType), [...subjects.keys()]],
  );
  const wanted = new Map<string, readonly RecordChangeKind[]>();
  for (const [subject, stream] of subjects) {
    const types = rows.filter((row) => row.subject === subject).map(({ type }) => type);
    const changes = RECORD_CHANGES.filter((change) => types.includes(recordEventType(change)));
    if (changes.length > 0) wanted.set(stream, changes);
  }
  return wanted;
}

/** A run of the sync begins, which may leave changes at the destination: somebody has to look, from now on. */
export async function openRecordFeed(db: Db, request: { syncId: string }): Promise<void> {
  await db.query(
    `INSERT INTO control.record_feed (sync_id) VALUES ($1) ON CONFLICT (sync_id) DO UPDATE SET look_at = now(), holder = NULL`,
    [request.syncId],
  );
}

/** The sync that has waited longest for a look; nobody else gets it for `leaseMs`. By record_feed_due. */
export async function claimRecordFeed(db: Db, request: { holder: string; leaseMs: number }): Promise<{ syncId: string } | null> {
  return one(
    await db.query<{ syncId: string }>(
      `UPDATE control.record_feed SET holder = $1, look_at = now() + $2::double precision * interval '1 millisecond'
       WHERE sync_id = (SELECT sync_id FROM control.record_feed WHERE look_at <= now() ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING sync_id AS "syncId"`,
      [request.holder, request.leaseMs],
    ),
  );
}

/** Gives it back until then, if a run did not begin meanwhile. */
export async function releaseRecordFeed(db: Db, request: { syncId: string; holder: string; afterMs: number }): Promise<void> {
  await db.query(
    `UPDATE control.record_feed SET holder = NULL, look_at = now() + $3::double precision * interval '1 millisecond'
     WHERE sync_id = $1 AND holder = $2`,
    [request.syncId, request.holder, request.afterMs],
  );
}

/** There is nothing more to come: no run was active since before `holder` found nothing. */
export async function closeRecordFeed(db: Db, request: { syncId: string; holder: string }): Promise<void> {
  await db.query('DELETE FROM control.record_feed WHERE sync_id = $1 AND holder = $2', [request.syncId, request.holder]);
}

/** Whether a run of the sync may write, in whatever lane. */
export async function hasActiveRun(db: Db, request: { syncId: string }): Promise<boolean> {
  const found = await db.query('SELECT FROM control.run WHERE sync_id = $1 AND state = ANY($2) LIMIT 1', [
    request.syncId,
    ACTIVE_RUN_STATES,
  ]);
  return found.rowCount === 1;
}

/** Deliveries whose flow did not begin yet, counted up to `most`. By delivery_pending and delivery_started. */
export async function countWaitingDeliveries(db: Db, request: { most: number }): Promise<number> {
  const found = await db.query(
    `(SELECT 1 FROM control.delivery WHERE state = 'pending' LIMIT $1) UNION ALL
     (SELECT 1 FROM control.delivery d WHERE state = 'started' AND NOT EXISTS (SELECT FROM control.flow_run r WHERE r.id = d.id) LIMIT $1)
     LIMIT $1`,
    [request.most],
  );
  return found.rowCount ?? 0;
}
