import { remembersKeys } from '../whole-read.js';
import { completedSlice } from '../completed-slice.js';
import type { SliceWriter } from '../../contracts/destination.port.js';
import { isKeyed } from '../../contracts/write-mode.js';
import { columnOf, ContractWatch, namesOf, type Column } from '../../typing/index.js';
import { BoundaryWatch, digestWatch } from '../boundary/index.js';
import { readBoundary } from './boundary-rows.js';
import { evolveStream } from './evolve-stream.js';
import { openSlice, type OpenRequest, type OpenedSlice } from './open.js';
import { comparesNumbers } from './cursor-order.js';
import { pageEncoder } from './page-encoder.js';
import { compileRows } from './row-encoder.js';
import type { Session } from './session.js';
import { DuckdbSliceWriter, type WriterKey, type WriterParts } from './slice-writer.js';
import { seenKeys } from './seen-keys.js';
import { clearStage } from './stage.js';
import { readLayout } from './layout.js';
import { loadedTable, relationOf } from './table.js';

/** See Destination.open. The session is the writer's own until it is closed. */
export async function openWriter(
  { session, give }: { session: Session; give: () => void },
  request: OpenRequest,
): Promise<SliceWriter> {
  try {
    const opened = await openSlice(session, request);
    if (opened.done) {
      give();
      return completedSlice(opened);
    }
    return new DuckdbSliceWriter({
      session,
      give,
      target: request.target,
      position: opened.position,
      seq: opened.seq,
      parts: await partsOf(session, request, opened, opened.stream.schemaVersion),
      evolve: async (wanted) => {
        const version = await evolveStream(session, { ref: request.ref, target: request.target, wanted });
        return () => partsOf(session, request, opened, version);
      },
    });
  } catch (error) {
    give();
    throw error;
  }
}

async function partsOf(
  session: Session,
  { ref, target, slice, fence }: OpenRequest,
  { stream }: OpenedSlice,
  schemaVersion: number,
): Promise<WriterParts> {
  const { columns, children } = await readLayout(session, { id: stream.id, schemaVersion });
  const key: WriterKey = {
    ...{ streamId: stream.id, runId: ref.runId, sliceId: slice.id, partition: slice.partition, schemaVersion },
    ...{ epoch: ref.epoch, fence, stream: ref.stream, generation: stream.loading ? stream.generation : null },
  };
  await clearStage(session, columns.length);
  const names = namesOf(columns, target);
  const fixed = isKeyed(target.mode) ? [...names.primaryKey, ...(names.cursorField === null ? [] : [names.cursorField])] : [];
  const watch = new ContractWatch({
    columns,
    contract: target.contract ?? {},
    fixed,
    fields: target.fields,
    nested: target.nested,
  });
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  const ordered = isKeyed(target.mode) && cursor !== undefined && comparesNumbers(cursor, target.cursorOrder);
  const encode = compileRows({
    columns,
    watch,
    required: isKeyed(target.mode) ? target.primaryKey : [],
    requiredCursor: target.mode === 'scd2' ? target.cursorField : null,
    numberField: ordered ? target.cursorField : null,
  });
  return {
    key,
    columns,
    // A generation's are made when it becomes visible.
    children: stream.loading ? [] : children,
    relation: relationOf(loadedTable(stream, target)),
    seen: remembersKeys({ ref, target }, stream) ? seenKeys(stream.id) : null,
    watch,
    encode: pageEncoder(encode, { children, contract: target.contract ?? {}, watch }),
    boundary: await boundaryOf(session, target, { key, columns }),
  };
}

async function boundaryOf(
  session: Session,
  { mode, cursorField, cursorOrder, contract = {}, nested }: OpenRequest['target'],
  { key, columns }: { key: WriterKey; columns: readonly Column[] },
): Promise<BoundaryWatch | null> {
  if (mode !== 'incremental_append' || cursorField === null) return null;
  const line = (of: readonly Column[]) => {
    const encode = compileRows({
      columns: of,
      watch: digestWatch(of, { contract, nested }),
      required: [],
      requiredCursor: null,
      numberField: null,
    });
    return (record: Record<string, unknown>): string | null => {
      const row = encode(record, []);
      return row === null ? null : JSON.stringify(row);
    };
  };
  return new BoundaryWatch({ ...(await readBoundary(session, key)), field: cursorField, order: cursorOrder, columns, line });
}
