import type { PreparedStream, Settle, StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import type { Slice } from '../../contracts/stream.js';
import { isFullRefresh, isKeyed } from '../../contracts/write-mode.js';
import { terminateOtherRuns } from './backends.js';
import { childTablesOf, columnsOf, namesOf, tableKey, type Column } from '../../typing/index.js';
import { dropGenerations, generationTable, GENERATION_SCHEMA } from './generation.js';
import { assertBesideLive, layoutInLanes } from '../lanes.js';
import { knownColumns, lockLanes, shareColumns } from './lanes.js';
import { readKnownChildren, readLayout, recordLayout } from './layout.js';
import { shapeChildren } from '../children/shape-children.js';
import { childShaper } from './children/shape-children.js';
import { hearChanges } from './outbox.js';
import { fillMetadata, setDefaults } from './metadata.js';
import { ident, qualified } from './quote.js';
import { remembersKeys } from '../whole-read.js';
import { makeSeenKeys } from './seen-keys.js';
import type { Session, SessionTimeouts } from './session.js';
import { settleState } from './settle.js';
import { lockOwnStream, raiseEpoch, readStream, type StreamRow } from './stream-row.js';
import { POSTGRES_RULES } from './table-rules.js';
import { ownTable, shapeTable } from './target-table.js';

/** See Destination.prepare. */
export async function prepareStream(
  session: Session,
  timeouts: SessionTimeouts,
  { ref, target, settle }: { ref: StreamRef; target: StreamTarget; settle?: Settle },
): Promise<PreparedStream> {
  const wanted = columnsOf(target, { rules: POSTGRES_RULES });
  childTablesOf(target, { rules: POSTGRES_RULES, columns: wanted, known: [] }); // what cannot be loaded at all is refused before anything is touched
  // First the epoch alone: from its commit on no older writer can begin, so those that are still there can be ended before DDL waits for them.
  const known = await readStream(session, ref, { lock: false });
  if (known && known.epoch < ref.epoch) await terminateOtherRuns(session, { streamId: known.id, runId: ref.runId });
  const streamId = await raiseEpoch(session, ref);
  await terminateOtherRuns(session, { streamId, runId: ref.runId });
  const prepare = async (): Promise<PreparedStream> => {
    const lanes = await lockLanes(session, ref);
    let row = await lockOwnStream(session, ref);
    assertBesideLive(lanes, ref, target);
    await ownTable(session, ref, target);
    const known = await knownColumns(session, lanes);
    const loading = isFullRefresh(target.mode) || (row.preparedRun === ref.runId ? row.loading : row.reset);
    const present = await layoutInLanes(row, lanes, (lane) => readLayout(session, lane));
    const columns = await shapeTable(session, {
      target,
      columns: columnsOf(target, { rules: POSTGRES_RULES, known }),
      known,
      digested: present.columns,
      keyed: isKeyed(target.mode) && !loading,
    });
    const knownChildren = await readKnownChildren(
      session,
      lanes.map(({ id }) => id),
    );
    await hearChanges(session, target);
    const children = await shapeChildren(childShaper(session, ref), {
      ...{ target, columns, known: knownChildren, present: present.children },
    });
    // Before what earlier runs left is dropped. A generation's state is made of itself alone, when it is finished.
    if (settle && !loading) row = { ...row, state: await settleState(session, row.id, row.state, settle) };
    const next = { ...row, loading, schemaVersion: await recordLayout(session, row, { columns, children }) };
    if (next.schemaVersion !== row.schemaVersion) await shareColumns(session, lanes, { id: row.id, columns, children });
    if (row.preparedRun !== ref.runId) await beginRun(session, next, { ref, target, columns });
    await session.query(
      'preparing',
      `UPDATE sluice.stream SET prepared_run = $2, loading = $3, generation = $4, schema_version = $5,
         state = CASE WHEN $6 THEN NULL ELSE state END, state_version = state_version + CASE WHEN $6 THEN 1 ELSE 0 END WHERE id = $1`,
      [row.id, ref.runId, loading, next.generation, next.schemaVersion, loading && row.preparedRun !== ref.runId],
    );
    return {
      generation: next.generation,
      schemaVersion: next.schemaVersion,
      state: loading && row.preparedRun !== ref.runId ? null : row.state,
      unfinished: loading || row.finishedRun === ref.runId ? [] : await unfinishedSlices(session, row.id, ref),
    };
  };
  // Columns that change may rewrite the table.
  return session.transaction(`preparing the stream ${ref.stream}`, prepare, { statementMs: timeouts.publishMs });
}

/** What the first prepare of a run does: what earlier runs left is dropped, but for what this one can go on with. Changes `row.generation`. */
async function beginRun(
  session: Session,
  row: StreamRow,
  { ref, target, columns }: { ref: StreamRef; target: StreamTarget; columns: readonly Column[] },
): Promise<void> {
  const what = `preparing the stream ${ref.stream}`;
  await dropGenerations(session, row.id, null);
  // Appended rows of an unfinished slice stay in the table: its checkpoint is the only way not to append them again.
  const adoptable = target.mode === 'incremental_append' && target.resume === 'exact' && !row.loading;
  await session.query(
    what,
    'DELETE FROM sluice.checkpoint WHERE stream_id = $1 AND run_id <> $2 AND (NOT $3 OR done OR position IS NULL)',
    [row.id, ref.runId, adoptable],
  );
  const key = namesOf(columns, target).primaryKey;
  const relation = qualified(target.namespace, target.table);
  if (remembersKeys({ ref, target }, row)) await makeSeenKeys(session, { streamId: row.id, relation, key });
  if (!row.loading) return fillMetadata(session, target);
  row.generation += 1;
  await session.query(what, 'DELETE FROM sluice.boundary WHERE stream_id = $1', [row.id]);
  await session.query(what, 'DELETE FROM sluice.boundary_hit WHERE stream_id = $1', [row.id]);
  const table = qualified(GENERATION_SCHEMA, generationTable(row));
  await session.query(what, `CREATE TABLE ${table} (LIKE ${relation})`);
  const defaults = setDefaults(table, target);
  if (defaults !== null) await session.query(what, defaults);
  if (isKeyed(target.mode))
    await session.query(what, `ALTER TABLE ${table} ADD PRIMARY KEY (${tableKey(columns, target).map(ident).join(', ')})`);
}

async function unfinishedSlices(session: Session, streamId: string, ref: StreamRef): Promise<Slice[]> {
  return session.query<Slice & Record<string, unknown>>(
    'looking for unfinished slices',
    `SELECT DISTINCT ON (slice_id) slice_id AS id, spec, partition FROM sluice.checkpoint
     WHERE stream_id = $1 AND run_id <> $2 AND NOT done AND position IS NOT NULL ORDER BY slice_id, updated_at DESC`,
    [streamId, ref.runId],
  );
}
