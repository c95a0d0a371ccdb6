import type { Contract } from '../../../contracts/schema-contract.js';
import type { StreamRef, StreamTarget } from '../../../contracts/stream-ref.js';
import type { StateKey } from '../../../contracts/stream-states.port.js';
import type { SourceCopy } from '../../../contracts/verifier.port.js';
import { isKeyed } from '../../../contracts/write-mode.js';
import { SluiceError } from '../../../errors/index.js';
import { ident, literal } from '../../../postgres/index.js';
import { columnOf, ContractWatch, namesOf } from '../../../typing/index.js';
import { orderColumn } from '../../order-column.js';
import type { CompareDialect, Compared } from '../../verify/compare-sql.js';
import { REPAIR_SLICE } from '../../verify/repair-sql.js';
import { TableCopy, type CopySession } from '../../verify/table-copy.js';
import { comparable, comparesNumbers } from '../cursor-order.js';
import { raiseEpoch } from '../prepare.js';
import { compileRows, type Reject } from '../row-encoder.js';
import { digestIsWrong } from '../../row-digest.js';
import { DIGESTS } from '../row-digest.js';
import type { Session } from '../session.js';
import { clearStage, ORDER, STAGE, staged, stageRows } from '../stage.js';
import type { Layout } from '../../lanes.js';
import { readLayout } from '../layout.js';
import { pageEncoder, type PageEncoder } from '../page-encoder.js';
import { readStream, type StreamRow } from '../stream-row.js';
import { tombstone } from '../tombstone.js';
import { typed } from '../types.js';
import { keyObject } from './key-object.js';
import { loadRepair } from './load-repair.js';

const WHAT = 'comparing with the source';

const DIALECT: CompareDialect = {
  temp: 'temp',
  copy: 'temp.sluice_copy',
  order: (columns) => ident(orderColumn(columns)),
  rowId: 'rowid',
  // As texts: what JSON itself makes of numbers inside JSON loses digits.
  rowText: (values) => `json_array(${values.map((value) => `${value}::VARCHAR`).join(', ')})::VARCHAR`,
  texts: (expressions) =>
    expressions.length === 0
      ? 'CAST([] AS VARCHAR[])'
      : `list_filter([${expressions.join(', ')}], lambda name: name IS NOT NULL)`,
  comparable,
  tombstone: (alias, when, columns) => tombstone(when, columns, ({ name }) => `${alias}.${ident(name)}`),
  digestIsWrong: ({ columns, target }) => digestIsWrong(DIGESTS, columns, target),
  prepareJoin: () => [],
};

export interface TakenSession {
  session: Session;
  give: () => void;
}

/** See Verifier.copy: the stage of a session that belongs to the copy until it is closed. */
export async function openSourceCopy(
  { session, give }: TakenSession,
  { key, target }: { key: StateKey; target: StreamTarget },
): Promise<SourceCopy> {
  try {
    const row = await readStream(session, key);
    if (!row || row.schemaVersion === 0)
      throw new SluiceError('INTERNAL', { detail: `the stream ${key.stream} was never loaded` });
    const { columns, children } = await readLayout(session, row);
    const compared = { target, columns };
    await clearStage(session, compared.columns.length);
    return new TableCopy(copySession(session, { row, compared, children, give }), DIALECT, compared);
  } catch (error) {
    give();
    throw error;
  }
}

function copySession(
  session: Session,
  { row, compared, children, give }: { row: StreamRow; compared: Compared; give: () => void } & Pick<Layout, 'children'>,
): CopySession {
  const encode = encoderOf(compared, children);
  return {
    query: (what, sql) => session.query(what, sql),
    add: async (records, first) => {
      const rejects: Reject[] = [];
      const rows = encode(records, rejects);
      await stageRows(session, { rows, columns: compared.columns.length, first });
      return rejects.length;
    },
    forgetFrom: async (first) => {
      await session.query(WHAT, `DELETE FROM ${STAGE} WHERE ${ORDER} >= ${first}`);
    },
    raiseEpoch: (ref) =>
      session.transaction(WHAT, async () => {
        await raiseEpoch(session, ref);
      }),
    inSnapshot: (work) =>
      session.transaction(WHAT, async () => {
        await session.query(WHAT, copyStatement(compared));
        return work();
      }),
    nextChunk: (ref) => nextChunk(session, row, ref),
    load: (request) => loadRepair(session, { ...request, row, compared, children, copy: DIALECT.copy }),
    keyObject,
    close: () => {
      give();
      return Promise.resolve();
    },
  };
}

/** The stage's texts as values of the table's columns. */
function copyStatement({ columns }: Compared): string {
  const values = columns.map(({ name, type }, index) => `${typed(staged(index), type)} AS ${ident(name)}`);
  return `CREATE OR REPLACE TEMP TABLE sluice_copy AS SELECT ${[...values, `${ORDER} AS ${DIALECT.order(columns)}`].join(', ')} FROM ${STAGE}`;
}

async function nextChunk(session: Session, row: Pick<StreamRow, 'id'>, { runId }: StreamRef): Promise<number> {
  const [last] = await session.query<{ seq: number }>(
    WHAT,
    `SELECT coalesce(max(seq), 0)::INTEGER AS seq FROM sluice.chunk
     WHERE stream_id = ${row.id} AND run_id = ${literal(runId)} AND slice_id = ${literal(REPAIR_SLICE)}`,
  );
  return (last?.seq ?? 0) + 1;
}

/** As a run would load it, but that here no table grows: what it would grow for is not compared. */
function encoderOf({ columns, target }: Compared, children: Layout['children']): PageEncoder {
  const { typeConflicts } = target.contract ?? {};
  const contract: Contract = { typeConflicts: typeConflicts === 'discard_value' ? 'discard_value' : 'quarantine' };
  const keyed = isKeyed(target.mode);
  const names = namesOf(columns, target);
  const fixed = keyed ? [...names.primaryKey, ...(names.cursorField === null ? [] : [names.cursorField])] : [];
  const watch = new ContractWatch({ columns, contract, fixed, closed: true, nested: target.nested });
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  const ordered = keyed && cursor !== undefined && comparesNumbers(cursor, target.cursorOrder);
  const encode = compileRows({
    ...{ columns, watch, required: keyed ? target.primaryKey : [] },
    requiredCursor: target.mode === 'scd2' ? target.cursorField : null,
    numberField: ordered ? target.cursorField : null,
  });
  return pageEncoder(encode, { children, contract: { ...contract, newFields: 'discard_value' }, watch });
}
