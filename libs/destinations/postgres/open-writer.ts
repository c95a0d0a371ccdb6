import type { SliceWriter, StreamTarget } from '../../contracts/destination.port.js';
import { completedSlice } from '../completed-slice.js';
import { appendStage, loadsDirectly } from './append-stage.js';
import { isKeyed } from '../../contracts/write-mode.js';
import { BoundaryWatch, digestWatch } from '../boundary/index.js';
import { noBoundary, readBoundary } from './boundary-rows.js';
import type { WriterKey } from './chunk-message.js';
import { childEncoders } from './children/encode-children.js';
import { insertFamily, matchChildren } from './children/child-rows.js';
import type { Family } from '../children/family.js';
import { ContractWatch, namesOf, type ChildTable, type Column } from '../../typing/index.js';
import { evolveStream } from './evolve-stream.js';
import { frameEncoder } from './copy-frame.js';
import { compileEncoder, compileLine, type EncoderOptions } from './encoder.js';
import { loadedRelation } from './generation.js';
import type { LayoutCache } from './layout.js';
import { insertLedger } from './ledger.js';
import { mergingOf } from './merging.js';
import { openSlice, type OpenedSlice, type OpenRequest } from './open-slice.js';
import { copyTargetOf } from './copy-target.js';
import { settings } from './metadata.js';
import { outboxSettings } from './outbox.js';
import { Frames } from './frames.js';
import { linesEncoder } from './lines-encoder.js';
import { rowsEncoder } from './rows-encoder.js';
import { ident, literal } from './quote.js';
import { remembersKeys } from '../whole-read.js';
import { seenKeys } from './seen-keys.js';
import { CLEANUP_MS, type Session, type SessionTimeouts } from './session.js';
import type { SessionPool } from './session-pool.js';
import { PostgresSliceWriter, type Loading, type WriterParts } from './slice-writer.js';
import { dropSliceStage, openStage, orderColumn, STAGE } from './stage.js';

/** See Destination.open. The sessions are the writer's own until it is closed. */
export async function openWriter(
  pool: SessionPool,
  { timeouts, layouts }: { timeouts: SessionTimeouts; layouts: LayoutCache },
  request: OpenRequest,
): Promise<SliceWriter> {
  const staged = request.target.resume !== 'exact';
  const session = await pool.takeWriter();
  const sessions = [session];
  const giveBack = () => Promise.all(sessions.map((each) => pool.give(each)));
  try {
    const second = staged ? undefined : await pool.takeSecondWriter();
    if (second) sessions.push(second);
    const opened = await openSlice(
      session,
      request,
      sessions.map(({ backend }) => backend),
    );
    if (opened.done) {
      await giveBack();
      return completedSlice(opened);
    }
    const key = keyOf(request, opened);
    const partsOf = async (now: OpenedSlice): Promise<WriterParts & { columns: readonly Column[] }> => {
      const layout = await layouts.get(session, { id: now.streamId, schemaVersion: now.schemaVersion });
      const made = { key: keyOf(request, now), opened: now, ...layout };
      const loading = await prepareLoading(sessions, request, made);
      return { ...made, loading, boundary: await boundaryOf(session, request, made) };
    };
    const { columns, loading, boundary } = await partsOf(opened);
    return new PostgresSliceWriter({
      ...{ key, loading, boundary },
      position: opened.position,
      seq: opened.seq,
      sessions,
      copyTarget: () => copyTargetOf(session, request, { relation: relationOf(request, opened), columns }),
      timeouts,
      settings: [...settings(request.target, key), ...(opened.loading ? [] : outboxSettings(request.target, key))],
      evolve: async (wanted) => {
        const { ref, target } = request;
        const schemaVersion = await pool.with((other) => evolveStream(other, timeouts, { ref, target, wanted }));
        return async () => {
          // What this writer committed meanwhile is read again with the rest.
          const { key, loading, boundary } = await partsOf({ ...opened, schemaVersion, bounded: true });
          return { key, loading, boundary };
        };
      },
      release: async (completed) => {
        if (!session.broken && !completed) await forgetSessions(session, key);
        if (staged) await dropSliceStage(session);
        await giveBack();
      },
    });
  } catch (error) {
    for (const session of sessions) session.broken = true; // a checkpoint may name it
    await giveBack();
    throw error;
  }
}

const keyOf = ({ ref, slice, fence }: OpenRequest, opened: OpenedSlice): WriterKey => ({
  streamId: opened.streamId,
  runId: ref.runId,
  sliceId: slice.id,
  fence,
  generation: opened.loading ? opened.generation : null,
  epoch: ref.epoch,
  schemaVersion: opened.schemaVersion,
  partition: slice.partition,
});

const relationOf = ({ target }: Pick<OpenRequest, 'target'>, opened: OpenedSlice): string =>
  loadedRelation({ ...opened, id: opened.streamId }, target);

async function prepareLoading(
  sessions: readonly Session[],
  { ref, target }: OpenRequest,
  { opened, columns, children }: { opened: OpenedSlice; columns: readonly Column[]; children: readonly ChildTable[] },
): Promise<Loading> {
  const relation = relationOf({ target }, opened);
  const staged = target.resume !== 'exact';
  const seen = remembersKeys({ ref, target }, opened) ? seenKeys(opened.streamId) : null;
  const merging = mergingOf(target, { relation, columns, seen });
  const columnNames = columns.map(({ name }) => name);
  const watch = watchOf(target, columns);
  const into = columnNames.map(ident).join(', ');
  const encoders = (options: Omit<EncoderOptions, 'watch'>) => {
    const encode = compileEncoder({ ...options, watch });
    const frames = new Frames();
    const frame = frameEncoder(encode, frames);
    const all = { ...options, watch };
    if (children.length > 0) return { frames, ...childEncoders(frame, { children, contract: target.contract ?? {}, watch }) };
    return {
      frames,
      encode: frame,
      encodeRows: rowsEncoder(all, encode, frames),
      encodeLines: linesEncoder(all, { encode, frame }, frames),
    };
  };
  if (merging === null && loadsDirectly(target))
    return {
      staged,
      columns: columnNames,
      watch,
      copyStatement: `COPY ${relation} (${into}) FROM STDIN`,
      ...encoders({ columns }),
      publish: ({ key, seq, facts }) => insertLedger({ ...key, seq }, facts),
    };
  for (const session of sessions)
    await openStage(session, { relation, columns, keeps: staged ? 'slice' : 'chunk', schemaVersion: opened.schemaVersion });
  const order = ident(orderColumn(columns));
  // Of a generation they are made when it becomes visible.
  const family = children.length === 0 || opened.loading ? null : { target, columns, children };
  const append = (into: string, of: Family | null): string => {
    const insert = appendStage(target, { relation: into, columns });
    return of === null ? insert : insertFamily(of, insert);
  };
  return {
    staged,
    columns: columnNames,
    watch,
    copyStatement: `COPY ${STAGE} (${[...columnNames.map(ident), order].join(', ')}) FROM STDIN`,
    ...encoders({ columns, numbered: true, ...merging?.needs }),
    publish: ({ key, seq, facts }) =>
      merging === null
        ? `${append(relation, family)};\n${insertLedger({ ...key, seq }, facts)}`
        : [merging.publish({ ...key, seq }, facts), ...(family === null ? [] : matchChildren(family, relation, 'stage'))].join(
            ';\n',
          ),
  };
}

function watchOf(target: StreamTarget, columns: readonly Column[]): ContractWatch {
  const { primaryKey, cursorField } = namesOf(columns, target);
  const fixed = isKeyed(target.mode) ? [...primaryKey, ...(cursorField === null ? [] : [cursorField])] : [];
  return new ContractWatch({ columns, contract: target.contract ?? {}, fixed, fields: target.fields, nested: target.nested });
}

async function boundaryOf(
  session: Session,
  { target }: OpenRequest,
  { key, opened, columns }: { key: WriterKey; opened: OpenedSlice; columns: readonly Column[] },
): Promise<BoundaryWatch | null> {
  if (target.mode !== 'incremental_append' || target.cursorField === null) return null;
  // What another run left was there when the slice was opened; what this slice did not commit it did not leave.
  const untouched = !opened.bounded && opened.seq === 0 && opened.position === null;
  const left = untouched ? noBoundary() : await readBoundary(session, key);
  const contract = target.contract ?? {};
  return new BoundaryWatch({
    ...left,
    field: target.cursorField,
    order: target.cursorOrder,
    columns,
    line: (of) => compileLine(of, digestWatch(of, { contract, nested: target.nested })),
  });
}

/** So that a later opening does not end sessions that by then work on something else. */
async function forgetSessions(session: Session, key: WriterKey): Promise<void> {
  await session
    .query(
      'leaving a slice',
      `SET LOCAL synchronous_commit = off; UPDATE sluice.checkpoint SET backends = '[]'
       WHERE stream_id = ${literal(key.streamId)} AND run_id = ${literal(key.runId)} AND slice_id = ${literal(key.sliceId)}
         AND fence = ${key.fence} AND NOT done`,
      undefined,
      { deadlineMs: CLEANUP_MS },
    )
    .catch(() => {
      session.broken = true;
    });
}
