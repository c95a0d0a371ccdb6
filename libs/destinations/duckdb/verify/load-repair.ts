import type { StreamRef } from '../../../contracts/destination.port.js';
import { SluiceError } from '../../../errors/index.js';
import { ident, literal } from '../../../postgres/index.js';
import { orderColumn } from '../../order-column.js';
import type { ChildTable } from '../../../typing/index.js';
import { matchChildren } from '../children/child-rows.js';
import { relationOf, type Compared } from '../../verify/compare-sql.js';
import { REPAIR_SLICE } from '../../verify/repair-sql.js';
import { ownerOf, writeLedger } from '../ledger.js';
import { publish } from '../publish.js';
import type { Session } from '../session.js';
import { ORDER, STAGE } from '../stage.js';
import { ownStream, type StreamRow } from '../stream-row.js';

const WHAT = 'repairing a table';

interface RepairRequest {
  ref: StreamRef;
  /** See CopySession.nextChunk. */
  seq: number;
  /** Of the copy. */
  lines: number;
  row: StreamRow;
  compared: Compared;
  children: readonly ChildTable[];
  /** The records to be loaded, typed; the stage has them as texts, and others. */
  copy: string;
}

/**
 * See CopySession.load: the stage goes in as any chunk does. The number in the ledger makes it once: of two who repair what they saw in the same state of
 * the table the second is refused.
 */
export async function loadRepair(
  session: Session,
  { ref, seq, lines, row, compared, children, copy }: RepairRequest,
): Promise<boolean> {
  if (lines === 0 && children.length === 0) return false;
  const { target, columns } = compared;
  await session.transaction(WHAT, async () => {
    const { schemaVersion } = await ownStream(session, ref);
    if (schemaVersion !== row.schemaVersion) throw new SluiceError('SCHEMA_MOVED', { detail: `stream ${ref.stream}` });
    const owner = { streamId: row.id, runId: ref.runId, sliceId: REPAIR_SLICE };
    const taken = await session.query(
      WHAT,
      `SELECT 1 FROM sluice.chunk WHERE stream_id = ${row.id} AND run_id = ${literal(ref.runId)} AND slice_id = ${literal(REPAIR_SLICE)} AND seq = ${seq}`,
    );
    if (taken.length > 0)
      throw new SluiceError('DESTINATION_CONSTRAINT', { detail: 'what this repair was to load another one has loaded' });
    const relation = relationOf(compared);
    if (lines > 0) {
      await session.query(
        WHAT,
        `DELETE FROM ${STAGE} WHERE NOT EXISTS (SELECT 1 FROM ${copy} s WHERE s.${ident(orderColumn(columns))} = ${STAGE}.${ORDER})`,
      );
      const done = await publish(
        session,
        { ...{ relation, columns, target, seen: null, children: [] }, runId: ref.runId, sliceId: REPAIR_SLICE },
        lines,
      );
      const nothing = { quarantined: 0, discarded: 0, bytes: 0, generation: null };
      await writeLedger(session, ownerOf(owner), { seq, fence: seq, read: lines, ...done, ...nothing });
    }
    // Of every row: they may be wrong where the row is right.
    await matchChildren(session, { ...compared, children }, relation, 'all');
    await session.query(WHAT, `INSERT INTO sluice.recount SELECT ${row.id}, count(*), now() FROM ${relation}`);
  });
  return true;
}
