import { ident } from '../../postgres/index.js';
import { columnOf, MANAGED, marksDeleted, type Column } from '../../typing/index.js';
import { comparable } from './cursor-order.js';
import { metadataOf } from './metadata.js';
import type { Published, PublishOptions } from './loading.js';
import { rememberKeys } from './seen-keys.js';
import { DIGEST, digestedColumns, hasDigests } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import type { Session } from './session.js';
import { ORDER, STAGE, staged } from './stage.js';
import { tombstone } from './tombstone.js';
import { typed } from './types.js';

const WINNERS = 'temp.sluice_winners';
const FATES = ['inserted', 'updated', 'unchanged', 'superseded', 'deleted'] as const;
type Fate = (typeof FATES)[number];
const WHAT = 'merging a chunk';
const MARK = ident(MANAGED.deleted);

/**
 * Of several records with one key the one with the highest cursor wins, then the one that was read last. A row is replaced only by one that is not
 * older by cursor (a missing cursor is the oldest) and that differs. The table is joined, not looked up by an index: DuckDB scans a column of
 * keys faster than it keeps an index of them.
 *
 * Tombstones are records like others. Hard: the row goes, and with it the memory of when. Soft: the row keeps what it had but takes cursor and the
 * field that says so; of the chunk's records of a key those count that are not older than one read before them, as if each had come by itself.
 */
export async function mergeUpsert(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  const { target, columns, seen } = options;
  const keys = target.primaryKey.flatMap((field) => columnOf(columns, field) ?? []);
  if (seen !== null) await rememberKeys(session, { seen, columns, keys });
  const soft = target.deletes?.when !== undefined && target.deletes.as === 'soft';
  const merge: Merge = { ...options, keys, soft, marks: marksDeleted(target) };
  await session.query(WHAT, `CREATE OR REPLACE TEMP TABLE sluice_winners AS ${soft ? markingWinners(merge) : winners(merge)}`);
  const counts = await countFates(session);
  await write(session, merge, counts);
  const merged = FATES.reduce((sum, fate) => sum + counts[fate], 0);
  return { ...counts, deduplicated: lines - merged };
}

interface Merge extends PublishOptions {
  keys: readonly Column[];
  /** Tombstones mark rows; else they delete them. */
  soft: boolean;
  /** The table marks rows that are deleted, by tombstones or otherwise; a record that comes back takes the mark away. */
  marks: boolean;
}

const placeIn = ({ columns }: Merge, column: Column): string => staged(columns.indexOf(column));
const onKey = (merge: Merge, t: string, w: string): string =>
  merge.keys.map((key) => `${t}.${ident(key.name)} = ${w}.${placeIn(merge, key)}`).join(' AND ');
const restOf = ({ columns, keys }: Merge): readonly Column[] => columns.filter((column) => !keys.includes(column));

/** The stage's values with their types, the cursor `at` as it is compared, and whether the record is `dead`. */
function typedStage(merge: Merge): string {
  const { columns, target } = merge;
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  const values = columns.map(({ type }, index) => `${typed(staged(index), type)} AS ${staged(index)}`).join(', ');
  const at = cursor ? comparable(placeIn(merge, cursor), cursor, target.cursorOrder) : 'NULL::INTEGER';
  const dead = tombstone(target.deletes?.when, columns, (column) => placeIn(merge, column));
  return `SELECT *, ${at} AS "at", ${dead} AS dead FROM (SELECT ${values}, ${ORDER} FROM ${STAGE})`;
}

/** The table's rows by the names of the stage. */
function rowsOf(merge: Merge): string {
  const { columns, target, relation, marks } = merge;
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  const values = columns.map(({ name }, index) => `${ident(name)} AS ${staged(index)}`).join(', ');
  const at = cursor ? comparable(ident(cursor.name), cursor, target.cursorOrder) : 'NULL::INTEGER';
  return `SELECT ${values}, ${at} AS "at", ${marks ? `${MARK} IS TRUE` : 'false'} AS marked, true AS here${hasDigests(target) ? `, ${DIGEST} AS digest` : ''} FROM ${relation}`;
}

/** Whether a record is older than the row. */
const older = (w: string): string => `(t."at" IS NOT NULL AND (${w}."at" IS NULL OR ${w}."at" < t."at"))`;
const sameKey = (merge: Merge, a: string, b: string): string =>
  merge.keys.map((key) => `${a}.${placeIn(merge, key)} = ${b}.${placeIn(merge, key)}`).join(' AND ');
/** Whether a record says what the row has; a row of another digest is not what it says it is. */
function sameRest(merge: Merge, w: string): string {
  const same = restOf(merge).map((column) => `t.${placeIn(merge, column)} IS NOT DISTINCT FROM ${w}.${placeIn(merge, column)}`);
  const digests = digestOf(merge, w).map((digest) => `t.digest IS NOT DISTINCT FROM ${digest}`);
  return [...same, ...digests].join(' AND ') || 'true';
}

/** The digest of the row that a winner becomes; empty: rows have none. */
function digestOf(merge: Merge, w: string): string[] {
  const digested = digestedColumns(merge.columns, merge.target);
  if (digested === null) return [];
  const value = (column: Column): string =>
    column.name === MANAGED.deleted ? markOf(merge, w) : `${w}.${placeIn(merge, column)}`;
  return [DIGESTS.rowDigest(digested, value)];
}

const markOf = ({ soft }: Merge, w: string): string => (soft ? `${w}.dead` : 'false');

function winners(merge: Merge): string {
  const key = merge.keys.map((column) => placeIn(merge, column)).join(', ');
  return `WITH w AS (
      SELECT * FROM (${typedStage(merge)}) QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY "at" DESC NULLS LAST, ${ORDER} DESC) = 1)
    SELECT w.*, t.here IS TRUE AS here, CASE
      WHEN t.here IS NULL THEN CASE WHEN w.dead THEN 'unchanged' ELSE 'inserted' END
      WHEN ${older('w')} THEN 'superseded' WHEN w.dead THEN 'deleted'
      WHEN NOT t.marked AND ${sameRest(merge, 'w')} THEN 'unchanged' ELSE 'updated' END AS fate
    FROM w LEFT JOIN (${rowsOf(merge)}) t ON ${sameKey(merge, 't', 'w')}`;
}

/** The last of the records that stand decides whether the row is marked, the last that is no tombstone (else the row, or the first) what is in it. */
function markingWinners(merge: Merge): string {
  const { columns, target, keys } = merge;
  const key = keys.map((column) => placeIn(merge, column)).join(', ');
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  const said = target.deletes?.when && columnOf(columns, target.deletes.when.field);
  const chosen = columns.map((column, index) => {
    const own = keys.includes(column) || column === said || column === cursor;
    const name = staged(index);
    return `${own ? `w.${name}` : `CASE WHEN t.here AND (c.dead OR ${older('c')}) THEN t.${name} ELSE c.${name} END`} AS ${name}`;
  });
  return `WITH standing AS (
      SELECT * FROM (SELECT *, max("at") OVER (PARTITION BY ${key} ORDER BY ${ORDER}) AS top FROM (${typedStage(merge)}))
      WHERE "at" IS NOT DISTINCT FROM top),
    w AS (SELECT * FROM standing QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${ORDER} DESC) = 1),
    c AS (SELECT * FROM standing QUALIFY row_number() OVER (
      PARTITION BY ${key} ORDER BY dead, CASE WHEN dead THEN ${ORDER} ELSE -${ORDER} END) = 1),
    t AS (${rowsOf(merge)}),
    r AS (
      SELECT ${chosen.join(', ')}, w.${ORDER}, w.dead, t.here IS TRUE AS here, t.here IS TRUE AND ${older('w')} AS older
      FROM w JOIN c ON ${sameKey(merge, 'c', 'w')} LEFT JOIN t ON ${sameKey(merge, 't', 'w')})
    SELECT r.*, CASE WHEN r.older THEN 'superseded'
      WHEN t.here AND t.marked = r.dead AND ${sameRest(merge, 'r')} THEN 'unchanged'
      WHEN r.dead THEN 'deleted' WHEN t.here THEN 'updated' ELSE 'inserted' END AS fate
    FROM r LEFT JOIN t ON ${sameKey(merge, 't', 'r')}`;
}

async function countFates(session: Session): Promise<Record<Fate, number>> {
  const fates = await session.query<{ fate: Fate; rows: number }>(
    WHAT,
    `SELECT fate, count(*)::DOUBLE AS "rows" FROM ${WINNERS} GROUP BY fate`,
  );
  const counts = { inserted: 0, updated: 0, unchanged: 0, superseded: 0, deleted: 0 };
  for (const { fate, rows } of fates) counts[fate] = rows;
  return counts;
}

async function write(session: Session, merge: Merge, counts: Readonly<Record<Fate, number>>): Promise<void> {
  const { relation, columns, soft, marks } = merge;
  const marked = markOf(merge, 'w');
  const digest = digestOf(merge, 'w').map((value) => [DIGEST, value] as const);
  if (counts.deleted > 0 && !soft)
    await session.query(
      WHAT,
      `DELETE FROM ${relation} t USING ${WINNERS} w WHERE w.fate = 'deleted' AND ${onKey(merge, 't', 'w')}`,
    );
  if (counts.updated + (soft ? counts.deleted : 0) > 0) {
    const values = restOf(merge).map((column) => `${ident(column.name)} = w.${placeIn(merge, column)}`);
    const metadata = metadataOf(merge, { sql: `CASE WHEN ${marked} THEN 'delete' ELSE 'update' END` });
    const sets = [
      ...values,
      ...(marks ? [`${MARK} = ${marked}`] : []),
      ...[...metadata, ...digest].map(([name, value]) => `${name} = ${value}`),
    ];
    const fates = soft ? `('updated', 'deleted')` : `('updated')`;
    await session.query(
      WHAT,
      `UPDATE ${relation} AS t SET ${sets.join(', ')} FROM ${WINNERS} w WHERE w.here AND w.fate IN ${fates} AND ${onKey(merge, 't', 'w')}`,
    );
  }
  if (counts.inserted + (soft ? counts.deleted : 0) > 0) {
    const extra = [...(marks ? [[MARK, marked] as const] : []), ...metadataOf(merge, 'insert'), ...digest];
    const names = [...columns.map(({ name }) => ident(name)), ...extra.map(([name]) => name)].join(', ');
    const values = [...columns.map((_, index) => `w.${staged(index)}`), ...extra.map(([, value]) => value)].join(', ');
    await session.query(
      WHAT,
      `INSERT INTO ${relation} (${names}) SELECT ${values} FROM ${WINNERS} w WHERE NOT w.here AND w.fate IN ('inserted', 'deleted') ORDER BY ${ORDER}`,
    );
  }
}
