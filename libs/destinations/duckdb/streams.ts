import type { Counts, StreamRef, StreamTarget, SyncRef } from '../../contracts/destination.port.js';
import { literal } from '../../postgres/index.js';
import { staleRun } from '../stale-run.js';
import { findLayout } from './layout.js';
import { setState } from './set-state.js';
import type { Session } from './session.js';
import { readStream } from './stream-row.js';

/** See Destination.fence. */
export function fenceStream(session: Session, ref: StreamRef): Promise<void> {
  const what = `fencing the stream ${ref.stream}`;
  return session.transaction(what, async () => {
    const row = await readStream(session, ref);
    if (!row || row.epoch >= ref.epoch) return;
    await session.query(what, 'UPDATE sluice.stream SET epoch = $2::BIGINT WHERE id = $1::BIGINT', [row.id, ref.epoch]);
  });
}

/** See Destination.reset. Errors: STALE_RUN. */
export function resetStream(session: Session, { ref, target }: { ref: StreamRef; target: StreamTarget }): Promise<void> {
  const what = `resetting the stream ${ref.stream}`;
  return session.transaction(what, async () => {
    const row = await readStream(session, ref);
    if (!row) return;
    if (row.epoch > ref.epoch) throw staleRun(ref);
    if (row.finishedRun === ref.runId) return;
    // The epoch too: a writer of an earlier run must not bring back what is forgotten here.
    await session.query(
      what,
      `UPDATE sluice.stream SET run_id = CASE WHEN epoch < $2::BIGINT THEN $3 ELSE run_id END, epoch = greatest(epoch, $2::BIGINT),
         prepared_run = NULL, reset = true WHERE id = $1::BIGINT`,
      [row.id, ref.epoch, ref.runId],
    );
    await setState(session, row.id, null, 'reset');
    for (const table of ['checkpoint', 'boundary', 'boundary_hit'])
      await session.query(what, `DELETE FROM sluice.${table} WHERE stream_id = $1::BIGINT`, [row.id]);
    const children = (await findLayout(session, row))?.children ?? [];
    const kept = children.filter(({ field }) => target.childTables?.includes(field));
    const names = [target.table, ...kept.map(({ table }) => table)].map(literal).join(', ');
    await session.query(
      what,
      `DELETE FROM sluice.table_owner WHERE installation = $1 AND sync_id = $2 AND stream = $3 AND NOT (schema_name = $4 AND table_name IN (${names}))`,
      [ref.installation, ref.syncId, ref.stream, target.namespace],
    );
  });
}

/** See Destination.restart. Errors: STALE_RUN. */
export function restartStream(session: Session, { ref, generation }: { ref: StreamRef; generation: number }): Promise<void> {
  const what = `beginning the stream ${ref.stream} anew`;
  return session.transaction(what, async () => {
    const row = await readStream(session, ref);
    if (row?.epoch !== ref.epoch || row.runId !== ref.runId) throw staleRun(ref);
    if (row.finishedRun === ref.runId || !row.loading || row.generation !== generation) return;
    // No writer has this fence, so none of before can commit; chunks of the ledger are counted on.
    await session.query(
      what,
      'UPDATE sluice.checkpoint SET fence = -1, done = false, position = NULL WHERE stream_id = $1::BIGINT AND run_id = $2',
      [row.id, ref.runId],
    );
    await session.query(what, 'DELETE FROM sluice.quarantine WHERE stream_id = $1::BIGINT AND run_id = $2', [row.id, ref.runId]);
    await session.query(what, 'UPDATE sluice.stream SET prepared_run = NULL WHERE id = $1::BIGINT', [row.id]);
  });
}

/** See Destination.release. */
export function releaseSync(session: Session, { installation, syncId, epoch }: SyncRef): Promise<void> {
  const what = 'releasing the tables of a sync';
  return session.transaction(what, async () => {
    const mine = 'stream_id IN (SELECT id FROM sluice.stream WHERE installation = $1 AND sync_id = $2)';
    for (const table of ['boundary', 'boundary_hit'])
      await session.query(what, `DELETE FROM sluice.${table} WHERE ${mine}`, [installation, syncId]);
    await session.query(
      what,
      `UPDATE sluice.stream SET epoch = greatest(epoch, $3::BIGINT), prepared_run = NULL, reset = true
       WHERE installation = $1 AND sync_id = $2`,
      [installation, syncId, epoch],
    );
    const streams = await session.query<{ id: string }>(
      what,
      'SELECT id FROM sluice.stream WHERE installation = $1 AND sync_id = $2',
      [installation, syncId],
    );
    for (const { id } of streams) await setState(session, id, null, 'reset');
    await session.query(what, 'DELETE FROM sluice.table_owner WHERE installation = $1 AND sync_id = $2', [installation, syncId]);
  });
}

const NAMES = [
  ...['read', 'inserted', 'updated', 'unchanged', 'superseded', 'deduplicated', 'deleted'],
  ...['filtered', 'quarantined', 'discarded', 'removed', 'bytes'],
];

/** See Destination.inspect. Without a generation that the run gave up. */
export async function inspectStream(session: Session, ref: StreamRef): Promise<Counts> {
  const sums = NAMES.map((name) => `coalesce(sum(${name}), 0)::DOUBLE AS ${name}`).join(', ');
  const [counts] = await session.query<Counts>(
    'reading the ledger',
    `WITH mine AS (
       SELECT * FROM sluice.chunk
       WHERE run_id = $1 AND stream_id IN (SELECT id FROM sluice.stream WHERE installation = $2 AND sync_id = $3 AND stream = $4 AND lane = $5))
     SELECT ${sums}, count(*)::DOUBLE AS chunks FROM mine WHERE generation IS NULL OR generation = (SELECT max(generation) FROM mine)`,
    [ref.runId, ref.installation, ref.syncId, ref.stream, ref.lane],
  );
  return counts as Counts;
}
