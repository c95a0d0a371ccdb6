import type { StreamRef } from '../../../contracts/destination.port.js';
import { appendStage } from '../append-stage.js';
import { assertStream, type WriterKey } from '../chunk-message.js';
import { matchChildren } from '../children/child-rows.js';
import { readLayout } from '../layout.js';
import { insertLedger, type ChunkFacts } from '../ledger.js';
import { mergingOf } from '../merging.js';
import { settings } from '../metadata.js';
import { ident, literal } from '../quote.js';
import type { Session, SessionTimeouts } from '../session.js';
import { STAGE } from '../stage.js';
import type { StreamRow } from '../stream-row.js';
import { FOUND, keysOf, relationOf, type CompareTarget } from './compare-sql.js';

const WHAT = 'repairing a table';
const SLICE = 'repair';

interface RepairRequest {
  ref: StreamRef;
  /** See nextChunk. */
  seq: number;
  row: StreamRow;
  compared: CompareTarget;
  timeouts: SessionTimeouts;
}

/**
 * See SourceCopy.repair: the stage is cut down to what is to be loaded, and goes in as any chunk does. The ledger's key makes it once: of
 * two who repair what they saw in the same state of the table one is rolled back.
 */
export async function repairTable(session: Session, { ref, seq, row, compared, timeouts }: RepairRequest): Promise<number> {
  const kinds = REPAIRED_KINDS[compared.target.mode] ?? [];
  const keys = keysOf(compared).map(ident);
  // Without a key there is nothing by which a record could be found again.
  if (kinds.length === 0 || keys.length === 0) return leave(session, 'true');
  const same = keys.map((key) => `f.${key} = s.${key}`).join(' AND ');
  await session.query(
    WHAT,
    `DELETE FROM ${STAGE} s WHERE NOT EXISTS (SELECT FROM ${FOUND} f WHERE f."sluice kind" = ANY($1) AND ${same})`,
    [kinds],
  );
  const [stage] = await session.query<{ lines: number }>(WHAT, `SELECT count(*)::float8 AS lines FROM ${STAGE}`);
  const lines = stage?.lines ?? 0;
  const { children } = await readLayout(session, row);
  if (lines === 0 && children.length === 0) return leave(session, 'true');
  const key: WriterKey & { seq: number } = {
    ...{ streamId: row.id, runId: ref.runId, sliceId: SLICE, seq, fence: seq, generation: null, partition: '' },
    ...{ epoch: ref.epoch, schemaVersion: row.schemaVersion },
  };
  const statements = [
    'BEGIN',
    `SET LOCAL statement_timeout = ${timeouts.publishMs}`,
    ...settings(compared.target, { runId: ref.runId, sliceId: SLICE }),
    lockLanes(ref),
    assertStream(key),
    ...(lines === 0 ? [] : [load(compared, key, lines)]),
    // Of every row: they may be wrong where the row is right.
    ...matchChildren({ ...compared, children }, relationOf(compared), 'all'),
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
  return judge(session, compared, kinds);
}

/** Whoever is committing is waited for, and nobody commits until this is: what is counted then is what the ledger counts on from. */
const lockLanes = ({ installation, syncId, stream }: StreamRef): string =>
  `SELECT count(*) FROM (SELECT FROM sluice.stream WHERE installation = ${literal(installation)} AND sync_id = ${literal(syncId)}
     AND stream = ${literal(stream)} ORDER BY id FOR UPDATE) lanes`;

/** A full refresh replaces its table by itself, an append adds what is missing but never changes what is there, and nobody writes history anew. */
const REPAIRED_KINDS: Readonly<Record<string, readonly string[]>> = {
  incremental_upsert: ['missing', 'differing'],
  incremental_append: ['missing'],
};

/**
 * The number of the ledger's row that a repair writes, as of the snapshot that was compared: what was repaired before it is seen there, and what is
 * repaired after it takes the same number.
 */
export async function nextChunk(session: Session, { streamId, runId }: { streamId: string; runId: string }): Promise<number> {
  const [last] = await session.query<{ seq: number }>(
    WHAT,
    'SELECT coalesce(max(seq), 0)::integer AS seq FROM sluice.chunk WHERE stream_id = $1 AND run_id = $2 AND slice_id = $3',
    [streamId, runId, SLICE],
  );
  return (last?.seq ?? 0) + 1;
}

function load(compared: CompareTarget, key: WriterKey & { seq: number }, lines: number): string {
  const { target, columns } = compared;
  const facts: ChunkFacts = { read: lines, lines, deduplicated: 0, quarantined: 0, discarded: 0, bytes: 0, digest: '00000000' };
  const relation = relationOf(compared);
  const merging = mergingOf(target, { relation, columns, seen: null });
  if (merging !== null) return merging.publish(key, facts);
  return `${appendStage(target, { relation, columns })};\n${insertLedger(key, facts)}`;
}

/** What was loaded is looked at again: a row that is newer by its cursor has stayed. */
async function judge(session: Session, compared: CompareTarget, kinds: readonly string[]): Promise<number> {
  const keys = keysOf(compared).map(ident);
  const names = compared.columns.map(({ name }) => ident(name));
  const list = (alias: string): string => `(${names.map((name) => `${alias}.${name}`).join(', ')})`;
  const same = (left: string, right: string): string => keys.map((key) => `${left}.${key} = ${right}.${key}`).join(' AND ');
  const repaired = await session.query(
    WHAT,
    `UPDATE ${FOUND} f SET "sluice outcome" = 'repaired' FROM ${STAGE} s, ${relationOf(compared)} t
     WHERE f."sluice kind" = ANY($1) AND ${same('s', 'f')} AND ${same('t', 's')} AND ${list('t')} IS NOT DISTINCT FROM ${list('s')}
     RETURNING 1 AS one`,
    [kinds],
  );
  await leave(session, `"sluice outcome" IS NULL`);
  return repaired.length;
}

async function leave(session: Session, where: string): Promise<number> {
  await session.query(WHAT, `UPDATE ${FOUND} SET "sluice outcome" = 'left' WHERE ${where}`);
  return 0;
}
