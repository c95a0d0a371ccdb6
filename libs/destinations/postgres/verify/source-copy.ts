import { fittingChildren } from '../../children/fit-records.js';
import type { StreamTarget } from '../../../contracts/stream-ref.js';
import type { StateKey } from '../../../contracts/stream-states.port.js';
import type { SourceCopy } from '../../../contracts/verifier.port.js';
import { SluiceError } from '../../../errors/index.js';
import { ContractWatch, namesOf, type Column } from '../../../typing/index.js';
import type { Contract } from '../../../contracts/schema-contract.js';
import { comparisonTables, TableCopy, type CopySession } from '../../verify/table-copy.js';
import { relationOf, type CompareDialect, type Compared } from '../../verify/compare-sql.js';
import { REPAIR_SLICE } from '../../verify/repair-sql.js';
import { frameEncoder, type FrameEncoder } from '../copy-frame.js';
import { CopyIn } from '../copy-in.js';
import { comparable } from '../cursor-order.js';
import { compileEncoder, type Reject } from '../encoder.js';
import { mergingOf } from '../merging.js';
import type { Layout } from '../../lanes.js';
import { readLayout } from '../layout.js';
import { ident } from '../quote.js';
import type { Session, SessionTimeouts } from '../session.js';
import type { SessionPool } from '../session-pool.js';
import { dropSliceStage, openStage, orderColumn, STAGE } from '../stage.js';
import { raiseEpoch, readStream } from '../stream-row.js';
import { tombstone } from '../tombstone.js';
import { keyObject } from './key-object.js';
import { loadRepair } from './repair-table.js';
import { digestIsWrong } from '../../row-digest.js';
import { DIGESTS } from '../row-digest.js';

const WHAT = 'comparing with the source';

const DIALECT: CompareDialect = {
  temp: 'pg_temp',
  copy: STAGE,
  order: (columns) => ident(orderColumn(columns)),
  rowId: 'ctid',
  rowText: (values) => `ROW(${values.join(', ')})::text`,
  texts: (expressions) => (expressions.length === 0 ? `'{}'::text[]` : `array_remove(ARRAY[${expressions.join(', ')}], NULL)`),
  comparable,
  tombstone,
  digestIsWrong: ({ columns, target }) => digestIsWrong(DIGESTS, columns, target),
  prepareJoin: (copy, keys) => [
    ...(keys.length === 0 ? [] : [`CREATE INDEX ON ${copy} (${keys.join(', ')})`]),
    `ANALYZE ${copy}`,
  ],
};

/** See Verifier.copy: the stage of a session that belongs to the copy until it is closed. */
export async function openSourceCopy(
  pool: SessionPool,
  timeouts: SessionTimeouts,
  { key, target }: { key: StateKey; target: StreamTarget },
): Promise<SourceCopy> {
  const session = await pool.takeWriter();
  const release = () => pool.give(session);
  try {
    const row = await readStream(session, key, { lock: false });
    if (!row || row.schemaVersion === 0)
      throw new SluiceError('INTERNAL', { detail: `the stream ${key.stream} was never loaded` });
    const { columns, children } = await readLayout(session, row);
    const compared = { target, columns };
    await openStage(session, { relation: relationOf(compared), columns, keeps: 'slice', schemaVersion: row.schemaVersion });
    const copySession: CopySession = {
      ...writing(session, { compared, children }),
      query: (what, sql) => session.query(what, sql),
      raiseEpoch: async (ref) => {
        await raiseEpoch(session, ref);
      },
      inSnapshot: (work) =>
        session.transaction(
          WHAT,
          async () => {
            await session.query(WHAT, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
            return work();
          },
          { statementMs: timeouts.publishMs },
        ),
      nextChunk: async ({ runId }) => {
        const [last] = await session.query<{ seq: number }>(
          WHAT,
          'SELECT coalesce(max(seq), 0)::integer AS seq FROM sluice.chunk WHERE stream_id = $1 AND run_id = $2 AND slice_id = $3',
          [row.id, runId, REPAIR_SLICE],
        );
        return (last?.seq ?? 0) + 1;
      },
      load: (request) => loadRepair(session, { ...request, row, compared, timeouts }),
      keyObject,
      close: () => closeCopy(session, release),
    };
    return new TableCopy(copySession, DIALECT, compared);
  } catch (error) {
    await release();
    throw error;
  }
}

/** How records get into the stage, and out of it. */
function writing(
  session: Session,
  { compared: { columns, target }, children }: { compared: Compared } & Pick<Layout, 'children'>,
): Pick<CopySession, 'add' | 'forgetFrom'> {
  const encode = encoderOf({ columns, target }, children);
  const order = ident(orderColumn(columns));
  const list = [...columns.map(({ name }: Column) => ident(name)), order].join(', ');
  const statement = `COPY ${STAGE} (${list}) FROM STDIN`;
  return {
    add: async (records, first) => {
      const rejects: Reject[] = [];
      const frame = encode(records, rejects, first);
      if (frame === null) return rejects.length;
      const copy = CopyIn.begin(session.client, statement);
      try {
        await session.bounded(async () => {
          await copy.write(frame, { lines: true });
          await copy.end();
        });
      } catch (error) {
        throw session.failed(
          WHAT,
          error,
          columns.map(({ name }) => name),
        );
      }
      return rejects.length;
    },
    forgetFrom: async (first) => {
      await session.query(WHAT, `DELETE FROM ${STAGE} WHERE ${order} >= $1`, [first]);
    },
  };
}

/** As a run would load it, but that here no table grows: what it would grow for is not compared. */
function encoderOf({ columns, target }: Compared, children: Layout['children']): FrameEncoder {
  const { typeConflicts } = target.contract ?? {};
  const contract: Contract = { typeConflicts: typeConflicts === 'discard_value' ? 'discard_value' : 'quarantine' };
  const merging = mergingOf(target, { relation: relationOf({ target }), columns, seen: null });
  const { primaryKey, cursorField } = namesOf(columns, target);
  const fixed = merging === null ? [] : [...primaryKey, ...(cursorField === null ? [] : [cursorField])];
  const watch = new ContractWatch({ columns, contract, fixed, closed: true, nested: target.nested });
  const encode = frameEncoder(compileEncoder({ columns, watch, numbered: true, ...merging?.needs }));
  if (children.length === 0) return encode;
  return fittingChildren(encode, { children, contract: { ...contract, newFields: 'discard_value' }, watch });
}

async function closeCopy(session: Session, release: () => Promise<void>): Promise<void> {
  if (!session.broken)
    await session.query('leaving a copy', `DROP TABLE IF EXISTS ${comparisonTables(DIALECT).join(', ')}`).catch(() => {
      session.broken = true;
    });
  await dropSliceStage(session);
  await release();
}
