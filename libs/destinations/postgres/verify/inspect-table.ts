import type { Finding, Inspection } from '../../../contracts/verifier.port.js';
import type { StreamTarget } from '../../../contracts/stream-ref.js';
import type { StateKey } from '../../../contracts/stream-states.port.js';
import { namesOf } from '../../../typing/index.js';
import { InspectionReport, ONE_ROW_A_KEY } from '../../inspection-report.js';
import { generationPrefix, generationTable, GENERATION_SCHEMA } from '../generation.js';
import { countWrong } from '../../children/family.js';
import { wantedRows } from '../children/child-rows.js';
import { listsOfTable } from '../children/element-value.js';
import { childTarget } from '../../../typing/index.js';
import type { Layout } from '../../lanes.js';
import { readLayout } from '../layout.js';
import { ident, qualified } from '../quote.js';
import type { Session } from '../session.js';
import { readStream, type StreamRow } from '../stream-row.js';
import { hasUniqueIndex, readTable } from '../table-catalog.js';
import { keyObject } from './key-object.js';
import { DIGESTS } from '../row-digest.js';
import { findWrongDigests } from '../../verify/wrong-digests.js';

export interface InspectRequest {
  key: StateKey;
  target: StreamTarget;
  active: boolean;
  copied: boolean;
  limit: number;
}

const WHAT = 'verifying a table';

/** What is being looked at. */
interface Subject extends InspectRequest, Layout {
  row: StreamRow;
}

/**
 * See Verifier.inspect. Inside a transaction of one snapshot: chunk and ledger are committed together, so what a running load does meanwhile
 * makes no difference.
 */
export async function inspectTable(session: Session, request: InspectRequest): Promise<Inspection | null> {
  const row = await readStream(session, request.key, { lock: false });
  if (!row || row.schemaVersion === 0) return null;
  const subject: Subject = { ...request, row, ...(await readLayout(session, row)) };
  const report = new InspectionReport();
  await lookAtTable(session, subject, report);
  await lookAtLedger(session, subject, report);
  await lookAtGenerations(session, subject, report);
  if (report.has('layout')) return report.result(0);
  await lookAtKeys(session, subject, report);
  await lookAtDigests(session, subject, report);
  await lookAtChildren(session, subject, report);
  const rows = await lookAtRowCount(session, subject, report);
  return report.result(rows);
}

async function lookAtTable(session: Session, { key, target, columns, row }: Subject, report: InspectionReport): Promise<void> {
  const name = `${target.namespace}.${target.table}`;
  const table = await readTable(session, target.namespace, target.table);
  if (!report.compareLayout(name, table?.columns ?? null, { columns, target })) return;
  await lookAtOwner(session, { key, target, table: target.table }, report);
  // A reset is published with its key only.
  const keyed = target.mode === 'incremental_upsert' && !row.reset && table !== null;
  if (keyed && !(await hasUniqueIndex(session, table.oid, namesOf(columns, target).primaryKey)))
    report.add('index', `the table ${name} has no unique index over its key`);
}

async function lookAtOwner(
  session: Session,
  { key, target, table }: Pick<Subject, 'key' | 'target'> & { table: string },
  report: InspectionReport,
): Promise<void> {
  const [owner] = await session.query<{ sync_id: string; stream: string }>(
    WHAT,
    `SELECT sync_id, stream FROM sluice.table_owner
     WHERE schema_name = $1 AND table_name = $2 AND NOT (installation = $3 AND sync_id = $4 AND stream = $5)`,
    [target.namespace, table, key.installation, key.syncId, key.stream],
  );
  if (!owner) return;
  const name = `${target.namespace}.${table}`;
  report.add('owner', `the table ${name} belongs to the stream ${owner.stream} of the sync ${owner.sync_id}`);
}

/** Uses the primary keys of checkpoint and chunk. */
async function lookAtLedger(session: Session, { row, active }: Subject, report: InspectionReport): Promise<void> {
  const ahead = await session.query<{ slice_id: string; seq: number; ledger: number }>(
    WHAT,
    `SELECT c.slice_id, c.seq, l.seq AS ledger FROM sluice.checkpoint c
     JOIN LATERAL (SELECT max(seq) AS seq FROM sluice.chunk k
       WHERE k.stream_id = c.stream_id AND k.run_id = c.run_id AND k.slice_id = c.slice_id) l ON l.seq > c.seq
     WHERE c.stream_id = $1 ORDER BY c.slice_id LIMIT 100`,
    [row.id],
  );
  for (const { slice_id, seq, ledger } of ahead)
    report.add('ledger', `slice ${slice_id}: the ledger has chunk ${ledger}, the checkpoint is at ${seq}`);
  if (active) return;
  const [left] = await session.query<{ n: number }>(
    WHAT,
    `SELECT count(*)::integer AS n FROM sluice.checkpoint
     WHERE stream_id = $1 AND ($2 OR run_id <> $3 AND (done OR position IS NULL))`,
    [row.id, row.finishedRun === row.runId, row.runId],
  );
  if (left !== undefined && left.n > 0) report.add('checkpoint', `${left.n} checkpoints are left of runs that have ended`);
}

async function lookAtGenerations(session: Session, { row, active }: Subject, report: InspectionReport): Promise<void> {
  const tables = await session.query<{ relname: string }>(
    WHAT,
    `SELECT c.relname FROM pg_catalog.pg_class c
     WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND starts_with(c.relname::text, $2) AND c.relname <> $3 AND c.relname <> $4 ORDER BY 1`,
    [
      GENERATION_SCHEMA,
      generationPrefix(row.id),
      row.loading || active ? generationTable(row) : '',
      `${generationPrefix(row.id)}seen`,
    ],
  );
  for (const { relname } of tables) report.add('generation', `${GENERATION_SCHEMA}.${relname} is not being loaded`);
}

/** Two rows with one key are one too many where a key is what makes a row; an append keeps what a record was before. */
async function lookAtKeys(
  session: Session,
  { target, columns, limit, copied }: Subject,
  report: InspectionReport,
): Promise<void> {
  // The comparison counts rows itself, but for an upsert's, which it joins by key.
  if (copied && target.mode !== 'incremental_upsert') return;
  const keys = namesOf(columns, target).primaryKey;
  if (keys.length === 0 || !ONE_ROW_A_KEY.has(target.mode)) return;
  const relation = qualified(target.namespace, target.table);
  const list = keys.map(ident).join(', ');
  const anyNull = keys.map((key) => `${ident(key)} IS NULL`).join(' OR ');
  const select = async (kind: 'null_key' | 'duplicate', groups: string): Promise<void> => {
    const found = await session.query<{ key: Finding['key']; n: string; all: string }>(
      WHAT,
      `SELECT ${keyObject(keys, 'g')} AS key, g.n, sum(g.n) OVER () AS all FROM (${groups}) g ORDER BY ${list} LIMIT ${limit}`,
    );
    report.count(kind, Number(found[0]?.all ?? 0));
    for (const { key, n } of found)
      report.addRow({ kind, key, columns: [], detail: kind === 'duplicate' ? `${n} rows too many` : null, outcome: null });
  };
  await select('null_key', `SELECT ${list}, 1 AS n FROM ${relation} WHERE ${anyNull}`);
  await select(
    'duplicate',
    `SELECT ${list}, count(*) - 1 AS n FROM ${relation} WHERE NOT (${anyNull}) GROUP BY ${list} HAVING count(*) > 1`,
  );
}

async function lookAtDigests(session: Session, subject: Subject, report: InspectionReport): Promise<void> {
  const query = <Row extends object>(what: string, sql: string) => session.query<Row>(what, sql);
  const { count, findings } = await findWrongDigests({ digests: DIGESTS, query, keyObject, rowId: 'ctid' }, subject);
  report.count('digest', count);
  for (const finding of findings) report.addRow(finding);
}

/** Child tables hold what the lists of their parents say: so they are compared with these, and the lists with the source. */
async function lookAtChildren(
  session: Session,
  { key, target, columns, children }: Subject,
  report: InspectionReport,
): Promise<void> {
  const family = { target, columns, children };
  const lists = await listsOfTable(session);
  for (const child of children) {
    const name = `${target.namespace}.${child.table}`;
    const table = await readTable(session, target.namespace, child.table);
    const layout = { columns: [...child.own, ...child.columns], target: childTarget(target, child.table) };
    const before = report.counts.layout ?? 0;
    if (!report.compareLayout(name, table?.columns ?? null, layout) || (report.counts.layout ?? 0) > before) continue;
    const [wrong] = await session.query<{ missing: number; extra: number; differing: number }>(
      WHAT,
      countWrong(family, child, wantedRows(family, child, qualified(target.namespace, target.table), lists)),
    );
    report.compareChildren(name, wrong ?? { missing: 0, extra: 0, differing: 0 });
    await lookAtOwner(session, { key, target, table: child.table }, report);
  }
}

/**
 * All lanes load one table. What a generation brought counts from when it became visible, and what was there before it was replaced or counted anew
 * does not.
 */
async function lookAtRowCount(session: Session, { key, target }: Subject, report: InspectionReport): Promise<number> {
  const [found] = await session.query<{ rows: string; ledger: string }>(
    WHAT,
    `WITH streams AS (SELECT id FROM sluice.stream WHERE installation = $1 AND sync_id = $2 AND stream = $3),
     base AS (
       SELECT rows, at FROM (
         SELECT 0::bigint AS rows, '-infinity'::timestamptz AS at
         UNION ALL SELECT 0, at FROM sluice.publication WHERE replaced AND stream_id IN (SELECT id FROM streams)
         UNION ALL SELECT rows, at FROM sluice.recount WHERE stream_id IN (SELECT id FROM streams)) b
       ORDER BY at DESC LIMIT 1),
     given AS (
       SELECT coalesce(sum(c.inserted - c.deleted - c.removed), 0) AS rows FROM sluice.chunk c CROSS JOIN base b
       LEFT JOIN sluice.publication p ON p.stream_id = c.stream_id AND p.generation = c.generation
       WHERE c.stream_id IN (SELECT id FROM streams)
         AND CASE WHEN c.generation IS NULL THEN c.committed_at > b.at WHEN p.replaced THEN p.at = b.at ELSE p.at > b.at END)
     SELECT (SELECT count(*) FROM ${qualified(target.namespace, target.table)}) AS rows, base.rows + given.rows AS ledger
     FROM base CROSS JOIN given`,
    [key.installation, key.syncId, key.stream],
  );
  const rows = Number(found?.rows ?? 0);
  const ledger = Number(found?.ledger ?? 0);
  report.compareRows(target, { rows, ledger });
  return rows;
}
