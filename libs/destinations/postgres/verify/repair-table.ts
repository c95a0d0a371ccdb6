import type { StreamRef } from '../../../contracts/destination.port.js';
import { relationOf, type Compared } from '../../verify/compare-sql.js';
import { REPAIR_SLICE } from '../../verify/repair-sql.js';
import { appendStage } from '../append-stage.js';
import { assertStream, type WriterKey } from '../chunk-message.js';
import { matchChildren } from '../children/child-rows.js';
import { listsOfTable } from '../children/element-value.js';
import { readLayout } from '../layout.js';
import { insertLedger, type ChunkFacts } from '../ledger.js';
import { mergingOf } from '../merging.js';
import { settings } from '../metadata.js';
import { literal } from '../quote.js';
import type { Session, SessionTimeouts } from '../session.js';
import type { StreamRow } from '../stream-row.js';

const WHAT = 'repairing a table';

interface RepairRequest {
  ref: StreamRef;
  /** See CopySession.nextChunk. */
  seq: number;
  /** Of the stage. */
  lines: number;
  row: StreamRow;
  compared: Compared;
  timeouts: SessionTimeouts;
}

/**
 * See CopySession.load: the stage goes in as any chunk does. The ledger's key makes it once: of two who repair what they saw in the same state of the
 * table one is rolled back.
 */
export async function loadRepair(
  session: Session,
  { ref, seq, lines, row, compared, timeouts }: RepairRequest,
): Promise<boolean> {
  const { children } = await readLayout(session, row);
  if (lines === 0 && children.length === 0) return false;
  const key: WriterKey & { seq: number } = {
    ...{ streamId: row.id, runId: ref.runId, sliceId: REPAIR_SLICE, seq, fence: seq, generation: null, partition: '' },
    ...{ epoch: ref.epoch, schemaVersion: row.schemaVersion },
  };
  const statements = [
    'BEGIN',
    `SET LOCAL statement_timeout = ${timeouts.publishMs}`,
    ...settings(compared.target, { runId: ref.runId, sliceId: REPAIR_SLICE }),
    lockLanes(ref),
    assertStream(key),
    ...(lines === 0 ? [] : [load(compared, key, lines)]),
    // Of every row: they may be wrong where the row is right.
    ...matchChildren({ ...compared, children }, relationOf(compared), 'all', await listsOfTable(session)),
    `INSERT INTO sluice.recount (stream_id, rows) SELECT ${literal(row.id)}, count(*) FROM ${relationOf(compared)}`,
    'COMMIT',
  ];
  const columns = compared.columns.map(({ name }) => name);
  try {
    await session.query(WHAT, statements.join(';\n'), undefined, { columns, deadlineMs: timeouts.publishMs });
  } catch (error) {
    await session.rollback();
    throw error;
  }
  return true;
}

/** Whoever is committing is waited for, and nobody commits until this is: what is counted then is what the ledger counts on from. */
const lockLanes = ({ installation, syncId, stream }: StreamRef): string =>
  `SELECT count(*) FROM (SELECT FROM sluice.stream WHERE installation = ${literal(installation)} AND sync_id = ${literal(syncId)}
     AND stream = ${literal(stream)} ORDER BY id FOR UPDATE) lanes`;

function load(compared: Compared, key: WriterKey & { seq: number }, lines: number): string {
  const { target, columns } = compared;
  const facts: ChunkFacts = { read: lines, lines, deduplicated: 0, quarantined: 0, discarded: 0, bytes: 0, digest: '00000000' };
  const relation = relationOf(compared);
  const merging = mergingOf(target, { relation, columns, seen: null });
  if (merging !== null) return merging.publish(key, facts);
  return `${appendStage(target, { relation, columns })};\n${insertLedger(key, facts)}`;
}
