import type { PreparedStream, Settle, StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import type { Slice } from '../../contracts/stream.js';
import { isFullRefresh, isKeyed } from '../../contracts/write-mode.js';
import { ident } from '../../postgres/index.js';
import { columnOf, columnsOf, managedColumns, tableKey, type Column } from '../../typing/index.js';
import { staleRun } from '../stale-run.js';
import { assertBesideLive, layoutInLanes } from '../lanes.js';
import { knownColumns, readLanes, shareColumns } from './lanes.js';
import { remembersKeys } from '../whole-read.js';
import { makeSeenKeys } from './seen-keys.js';
import type { Session } from './session.js';
import { setState } from './set-state.js';
import { settleState } from './settle.js';
import { shapeChildren } from '../children/shape-children.js';
import { childShaper } from './children/child-shaper.js';
import { readKnownChildren, readLayout, recordLayout } from './layout.js';
import { addStream, readStream, type StreamRow } from './stream-row.js';
import { conflict, createTable, dropGenerations, generationOf, ownTable, relationOf, shapeTable } from './table.js';
import { DUCKDB_RULES } from './types.js';

/** See Destination.prepare: one transaction. */
export async function prepareStream(
  session: Session,
  { ref, target, settle }: { ref: StreamRef; target: StreamTarget; settle?: Settle },
): Promise<PreparedStream> {
  const what = `preparing the stream ${ref.stream}`;
  return session.transaction(what, async () => {
    let row = await raiseEpoch(session, ref);
    const lanes = await readLanes(session, ref);
    assertBesideLive(lanes, ref, target);
    await ownTable(session, ref, target);
    const known = await knownColumns(session, lanes);
    const first = row.preparedRun !== ref.runId;
    const loading = isFullRefresh(target.mode) || (first ? row.reset : row.loading);
    const present = await layoutInLanes(row, lanes, (lane) => readLayout(session, lane));
    const columns = await shapeTable(session, {
      ...{ target, columns: columnsOf(target, { rules: DUCKDB_RULES, known }), known, digested: present.columns },
    });
    if (isKeyed(target.mode) && known.length === 0) await assertUnique(session, target, columns);
    if (settle && !loading) row = { ...row, state: await settleState(session, row.id, row.state, settle) };
    const state = loading && first ? null : row.state;
    const knownChildren = await readKnownChildren(
      session,
      lanes.map(({ id }) => id),
    );
    const layout = {
      columns,
      children: await shapeChildren(childShaper(session, ref), {
        target,
        columns,
        known: knownChildren,
        present: present.children,
      }),
    };
    const next = { ...row, loading, schemaVersion: await recordLayout(session, row, layout) };
    if (next.schemaVersion !== row.schemaVersion) await shareColumns(session, lanes, { id: row.id, ...layout });
    if (first) await beginRun(session, next, { ref, target, columns });
    await session.query(
      what,
      `UPDATE sluice.stream SET prepared_run = $2, loading = $3, generation = $4::BIGINT, schema_version = $5 WHERE id = $1::BIGINT`,
      [row.id, ref.runId, loading, next.generation, next.schemaVersion],
    );
    if (loading && first) await setState(session, row.id, null);
    return {
      generation: next.generation,
      schemaVersion: next.schemaVersion,
      state,
      unfinished: loading || row.finishedRun === ref.runId ? [] : await unfinishedSlices(session, row.id, ref),
    };
  });
}

/** Makes `ref` the run that may write, in the caller's transaction. Errors: STALE_RUN when a newer one is there. */
export async function raiseEpoch(session: Session, ref: StreamRef): Promise<StreamRow> {
  const what = `opening the stream ${ref.stream}`;
  const found = await readStream(session, ref);
  if (found && (found.epoch > ref.epoch || (found.epoch === ref.epoch && found.runId !== ref.runId))) throw staleRun(ref);
  if (found) {
    await session.query(what, 'UPDATE sluice.stream SET epoch = $2::BIGINT, run_id = $3 WHERE id = $1::BIGINT', [
      found.id,
      ref.epoch,
      ref.runId,
    ]);
    return { ...found, epoch: ref.epoch, runId: ref.runId };
  }
  return addStream(session, ref);
}

/** What the first prepare of a run does: what earlier runs left is dropped, but for what this one can go on with. Changes `row.generation`. */
async function beginRun(
  session: Session,
  row: StreamRow,
  { ref, target, columns }: { ref: StreamRef; target: StreamTarget; columns: readonly Column[] },
): Promise<void> {
  const what = `preparing the stream ${ref.stream}`;
  await dropGenerations(session, row.id);
  // Appended rows of an unfinished slice stay in the table: its checkpoint is the only way not to append them again.
  const adoptable = target.mode === 'incremental_append' && target.resume === 'exact' && !row.loading;
  await session.query(
    what,
    'DELETE FROM sluice.checkpoint WHERE stream_id = $1::BIGINT AND run_id <> $2 AND (NOT $3 OR done OR position IS NULL)',
    [row.id, ref.runId, adoptable],
  );
  if (remembersKeys({ ref, target }, row)) {
    const keys = target.primaryKey.flatMap((field) => columnOf(columns, field) ?? []);
    await makeSeenKeys(session, row.id, keys);
  }
  if (!row.loading) return;
  row.generation += 1;
  for (const table of ['boundary', 'boundary_hit'])
    await session.query(what, `DELETE FROM sluice.${table} WHERE stream_id = $1::BIGINT`, [row.id]);
  await createTable(session, generationOf(row, target), [...columns, ...managedColumns(columns, target)]);
}

/** A table that was there before has one row a key, or rows would be counted and changed more than once. */
async function assertUnique(session: Session, target: StreamTarget, columns: readonly Column[]): Promise<void> {
  const key = tableKey(columns, target).map(ident).join(', ');
  const twice = await session.query(
    'looking for keys that are there twice',
    `SELECT 1 FROM ${relationOf(target)} GROUP BY ${key} HAVING count(*) > 1 LIMIT 1`,
  );
  if (twice.length > 0) throw conflict(target, `${target.mode} needs rows that are unique in ${key}`);
}

async function unfinishedSlices(session: Session, id: string, ref: StreamRef): Promise<Slice[]> {
  const rows = await session.query<{ id: string; spec: string; partition: string }>(
    'looking for unfinished slices',
    `SELECT DISTINCT ON (slice_id) slice_id AS id, spec, "partition" FROM sluice.checkpoint
     WHERE stream_id = $1::BIGINT AND run_id <> $2 AND NOT done AND position IS NOT NULL ORDER BY slice_id, updated_at DESC`,
    [id, ref.runId],
  );
  return rows.map((row) => ({ ...row, spec: JSON.parse(row.spec) as Slice['spec'] }));
}
