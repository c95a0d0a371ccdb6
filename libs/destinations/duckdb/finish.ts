import type { Settle, StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { SluiceError } from '../../errors/index.js';
import { ident } from '../../postgres/index.js';
import { managedColumns } from '../../typing/index.js';
import { remembersKeys } from '../whole-read.js';
import { collapseBoundary } from './boundary-rows.js';
import { deleteMissing } from './seen-keys.js';
import type { Session } from './session.js';
import { settleState } from './settle.js';
import { publishChildren } from './children/child-rows.js';
import { readLayout } from './layout.js';
import { ownStream, type StreamRow } from './stream-row.js';
import { conflict, dropGenerations, generationOf, readColumns, relationOf } from './table.js';

/** See Destination.finish: one transaction, so that nothing is ever visible in part. */
export async function finishStream(
  session: Session,
  { ref, target, settle }: { ref: StreamRef; target: StreamTarget; settle?: Settle },
): Promise<void> {
  const what = `finishing the stream ${ref.stream}`;
  await session.transaction(what, async () => {
    const row = await ownStream(session, ref);
    if (row.finishedRun === ref.runId) return;
    if (row.preparedRun !== ref.runId)
      throw new SluiceError('INTERNAL', { detail: `the stream ${ref.stream} was not prepared in this run` });
    const open = await session.query(
      what,
      'SELECT 1 FROM sluice.checkpoint WHERE stream_id = $1::BIGINT AND run_id = $2 AND NOT done LIMIT 1',
      [row.id, ref.runId],
    );
    if (open.length > 0) throw new SluiceError('INTERNAL', { detail: `a slice of the stream ${ref.stream} is not complete` });
    if (row.loading) {
      await publishGeneration(session, row, target);
      await session.query(what, 'INSERT INTO sluice.publication VALUES ($1::BIGINT, $2::BIGINT, $3, now())', [
        row.id,
        row.generation,
        target.mode !== 'full_refresh_append' || row.reset,
      ]);
    }
    if (remembersKeys({ ref, target }, row)) {
      const { columns } = await readLayout(session, row);
      await deleteMissing(session, { target, streamId: row.id, runId: ref.runId, columns });
    }
    await publishChildren(session, row, target);
    await dropGenerations(session, row.id);
    if (target.mode === 'incremental_append') await collapseBoundary(session, row.id, ref.runId, target.cursorOrder);
    if (settle) await settleState(session, row.id, row.state, settle);
    await session.query(what, 'DELETE FROM sluice.checkpoint WHERE stream_id = $1::BIGINT', [row.id]);
    await session.query(
      what,
      'UPDATE sluice.stream SET finished_run = $2, loading = false, reset = false WHERE id = $1::BIGINT',
      [row.id, ref.runId],
    );
  });
}

/** As one change of the table's rows: what hangs on the table, and columns that are not the stream's, stay. full_refresh_append adds to it. */
async function publishGeneration(session: Session, row: StreamRow, target: StreamTarget): Promise<void> {
  const what = `replacing the rows of ${target.namespace}.${target.table}`;
  if ((await readColumns(session, target)) === null) throw conflict(target, 'the table is gone');
  const { columns: layout } = await readLayout(session, row);
  const columns = [...layout, ...managedColumns(layout, target)].map(({ name }) => ident(name)).join(', ');
  if (target.mode !== 'full_refresh_append' || row.reset) await session.query(what, `DELETE FROM ${relationOf(target)}`);
  await session.query(
    what,
    `INSERT INTO ${relationOf(target)} (${columns}) SELECT ${columns} FROM ${relationOf(generationOf(row, target))}`,
  );
}
