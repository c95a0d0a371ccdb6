import type { StateKey } from '../../../contracts/stream-states.port.js';
import type { StreamTarget } from '../../../contracts/stream-ref.js';
import type { Finding, Inspection } from '../../../contracts/verifier.port.js';
import { ident, literal } from '../../../postgres/index.js';
import { childTarget, managedColumns, namesOf } from '../../../typing/index.js';
import { countWrong } from '../../children/family.js';
import { countDoubled } from '../children/child-rows.js';
import { WANTED, wantedRows } from '../children/wanted-rows.js';
import { InspectionReport, ONE_ROW_A_KEY } from '../../inspection-report.js';
import { findWrongDigests } from '../../verify/wrong-digests.js';
import { DIGESTS } from '../row-digest.js';
import type { Session } from '../session.js';
import type { Layout } from '../../lanes.js';
import { readLayout } from '../layout.js';
import { keyObject } from './key-object.js';
import { readStream, type StreamRow } from '../stream-row.js';
import { existing, GENERATION, generationOf, readColumns, relationOf, seenTable } from '../table.js';

const WHAT = 'verifying a table';

interface InspectRequest {
  key: StateKey;
  target: StreamTarget;
  active: boolean;
  copied: boolean;
  limit: number;
}

interface Subject extends InspectRequest, Layout {
  row: StreamRow;
}

/** See Verifier.inspect. In the caller's transaction: chunk and ledger are committed together, so what a running load does meanwhile makes no difference. */
export async function inspectTable(session: Session, request: InspectRequest): Promise<Inspection | null> {
  const row = await readStream(session, request.key);
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
  const found = await countRows(session, subject);
  report.compareRows(request.target, found);
  return report.result(found.rows);
}

async function lookAtTable(session: Session, { key, target, columns }: Subject, report: InspectionReport): Promise<void> {
  const name = `${target.namespace}.${target.table}`;
  const mine = [...columns, ...managedColumns(columns, target)];
  const found = (await readColumns(session, target))?.map((column) => existing(column, mine)) ?? null;
  if (!report.compareLayout(name, found, { columns, target })) return;
  await lookAtOwner(session, { key, target }, report);
}

async function lookAtOwner(
  session: Session,
  { key, target }: Pick<Subject, 'key' | 'target'>,
  report: InspectionReport,
): Promise<void> {
  const [owner] = await session.query<{ sync_id: string; stream: string }>(
    WHAT,
    `SELECT sync_id, stream FROM sluice.table_owner WHERE lower(schema_name) = lower($1) AND lower(table_name) = lower($2)
       AND NOT (installation = $3 AND sync_id = $4 AND stream = $5)`,
    [target.namespace, target.table, key.installation, key.syncId, key.stream],
  );
  if (owner)
    report.add(
      'owner',
      `the table ${target.namespace}.${target.table} belongs to the stream ${owner.stream} of the sync ${owner.sync_id}`,
    );
}

async function lookAtDigests(session: Session, subject: Subject, report: InspectionReport): Promise<void> {
  const query = <Row extends object>(what: string, sql: string) => session.query<Row>(what, sql);
  const { count, findings } = await findWrongDigests({ digests: DIGESTS, query, keyObject, rowId: 'rowid' }, subject);
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
  for (const child of children) {
    const own = childTarget(target, child.table);
    const name = `${target.namespace}.${child.table}`;
    const mine = [...child.own, ...child.columns];
    const known = [...mine, ...managedColumns(mine, own)];
    const found = (await readColumns(session, own))?.map((column) => existing(column, known)) ?? null;
    const before = report.counts.layout ?? 0;
    if (!report.compareLayout(name, found, { columns: mine, target: own }) || (report.counts.layout ?? 0) > before) continue;
    await wantedRows(session, family, child, `${relationOf(target)} t`);
    const [wrong] = await session.query<{ missing: number; extra: number; differing: number }>(
      WHAT,
      countWrong(family, child, WANTED),
    );
    const doubled = await countDoubled(session, family, child);
    report.compareChildren(name, {
      missing: wrong?.missing ?? 0,
      extra: (wrong?.extra ?? 0) + doubled,
      differing: wrong?.differing ?? 0,
    });
    await lookAtOwner(session, { key, target: own }, report);
  }
}

async function lookAtLedger(session: Session, { row, active }: Subject, report: InspectionReport): Promise<void> {
  const ahead = await session.query<{ slice_id: string; seq: number; ledger: number }>(
    WHAT,
    `SELECT c.slice_id, c.seq, max(l.seq) AS ledger FROM sluice.checkpoint c
     JOIN sluice.chunk l ON l.stream_id = c.stream_id AND l.run_id = c.run_id AND l.slice_id = c.slice_id
     WHERE c.stream_id = $1::BIGINT GROUP BY ALL HAVING max(l.seq) > c.seq ORDER BY c.slice_id LIMIT 100`,
    [row.id],
  );
  for (const { slice_id, seq, ledger } of ahead)
    report.add('ledger', `slice ${slice_id}: the ledger has chunk ${ledger}, the checkpoint is at ${seq}`);
  if (active) return;
  const [left] = await session.query<{ n: number }>(
    WHAT,
    `SELECT count(*)::DOUBLE AS n FROM sluice.checkpoint
     WHERE stream_id = $1::BIGINT AND ($2 OR run_id <> $3 AND (done OR position IS NULL))`,
    [row.id, row.finishedRun === row.runId, row.runId],
  );
  if (left !== undefined && left.n > 0) report.add('checkpoint', `${left.n} checkpoints are left of runs that have ended`);
}

async function lookAtGenerations(session: Session, { row, target, active }: Subject, report: InspectionReport): Promise<void> {
  const tables = await session.query<{ name: string }>(
    WHAT,
    `SELECT schema_name || '.' || table_name AS name FROM duckdb_tables()
     WHERE NOT temporary AND starts_with(table_name, $1) AND table_name <> $2 AND table_name <> $3 ORDER BY 1`,
    [`${GENERATION}${row.id}_`, row.loading || active ? generationOf(row, target).table : '', seenTable(row.id).table],
  );
  for (const { name } of tables) report.add('generation', `${name} is not being loaded`);
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
  const list = keys.map(ident).join(', ');
  const texts = keys.map((key) => `${ident(key)}::VARCHAR AS ${ident(key)}`).join(', ');
  const anyNull = keys.map((key) => `${ident(key)} IS NULL`).join(' OR ');
  const select = async (kind: 'null_key' | 'duplicate', rows: string, n: string): Promise<void> => {
    const found = await session.query<{ key: Record<string, string | null>; n: number; all: number }>(
      WHAT,
      `SELECT struct_pack(${keys.map((key, index) => `${ident(key)} := k${index}`).join(', ')}) AS key, n, "all" FROM (
         SELECT ${keys.map((key, index) => `${ident(key)} AS k${index}`).join(', ')}, n::DOUBLE AS n, (sum(n) OVER ())::DOUBLE AS "all"
         FROM (SELECT ${texts}, ${n} AS n FROM ${relationOf(target)} WHERE ${rows}) ORDER BY ALL LIMIT ${limit})`,
    );
    report.count(kind, found[0]?.all ?? 0);
    for (const { key, n } of found)
      report.addRow({
        ...{ kind, key: key satisfies Finding['key'], columns: [], outcome: null },
        detail: kind === 'duplicate' ? `${n} rows too many` : null,
      });
  };
  await select('null_key', anyNull, '1');
  await select('duplicate', `NOT (${anyNull}) GROUP BY ${list} HAVING count(*) > 1`, 'count(*) - 1');
}

/**
 * All lanes load one table. What a generation brought counts from when it became visible, and what was there before it was replaced or counted anew
 * does not.
 */
async function countRows(session: Session, { key, target }: Subject): Promise<{ rows: number; ledger: number }> {
  const of = [key.installation, key.syncId, key.stream].map(literal);
  const [found] = await session.query<{ rows: number; ledger: number }>(
    WHAT,
    `WITH streams AS (SELECT id FROM sluice.stream WHERE installation = ${of[0]} AND sync_id = ${of[1]} AND stream = ${of[2]}),
     base AS (
       SELECT "rows", "at" FROM (
         SELECT 0 AS "rows", '-infinity'::TIMESTAMPTZ AS "at"
         UNION ALL SELECT 0, "at" FROM sluice.publication WHERE replaced AND stream_id IN (FROM streams)
         UNION ALL SELECT "rows", "at" FROM sluice.recount WHERE stream_id IN (FROM streams))
       ORDER BY "at" DESC LIMIT 1),
     given AS (
       SELECT coalesce(sum(c.inserted - c.deleted - c.removed), 0) AS "rows" FROM sluice.chunk c CROSS JOIN base b
       LEFT JOIN sluice.publication p ON p.stream_id = c.stream_id AND p.generation = c.generation
       WHERE c.stream_id IN (FROM streams)
         AND CASE WHEN c.generation IS NULL THEN c.committed_at > b."at" WHEN p.replaced THEN p."at" = b."at" ELSE p."at" > b."at" END)
     SELECT (SELECT count(*) FROM ${relationOf(target)})::DOUBLE AS "rows", (base."rows" + given."rows")::DOUBLE AS ledger
     FROM base CROSS JOIN given`,
  );
  return found ?? { rows: 0, ledger: 0 };
}
