import { ident } from '../../postgres/index.js';
import { columnOf, MANAGED, type Column } from '../../typing/index.js';
import { comparable } from './cursor-order.js';
import { metadataOf } from './metadata.js';
import type { Published, PublishOptions } from './loading.js';
import { DIGEST, digestedColumns } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import type { Session } from './session.js';
import { ORDER, STAGE, staged } from './stage.js';
import { tombstone } from './tombstone.js';
import { typed } from './types.js';

const WHAT = 'merging a chunk into a history';
const [FROM, TO, CURRENT] = [MANAGED.validFrom, MANAGED.validTo, MANAGED.current].map(ident) as [string, string, string];

interface Parts {
  /** The key's and the other columns but the cursor's. */
  keys: readonly Column[];
  contents: readonly Column[];
  cursor: Column;
  /** Of the key, inside the statements: columns may be called like anything else in them. */
  k: readonly string[];
}

/**
 * Merges the stage into a table of versions (scd2), in the caller's transaction.
 *
 * What is known of a key are points in time, by cursor: it had this content, or it was deleted. A row of the table stands for two or three of
 * them: `valid_from`, the cursor's column (the last record that confirmed the content), and `valid_to` where a delete ended it. The records that
 * were read are put among them, of equal cursors the last read wins, neighbours of one content are drawn together, and the rows that come out
 * differently are written. A delete that no version ends with leaves a row that is valid at no time (`valid_from` = `valid_to`), so that an older
 * record that comes after it does not bring the key back. All versions of the chunk's keys are read: DuckDB has no index to look up fewer.
 *
 * Counts are of records, each compared with the table before the chunk.
 */
export async function mergeHistory(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  const { columns, target } = options;
  const keys = target.primaryKey.flatMap((field) => columnOf(columns, field) ?? []);
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  if (cursor === undefined) throw new Error('scd2 without a cursor');
  const contents = columns.filter((column) => !keys.includes(column) && column !== cursor);
  const parts: Parts = { keys, contents, cursor, k: keys.map((_, index) => `k${index}`) };
  for (const statement of [...readStatements(options, parts), ...placeStatements(parts)]) await session.query(WHAT, statement);
  const [counts] = await session.query<Published>(WHAT, countStatement(parts, lines));
  for (const statement of writeStatements(options, parts)) await session.query(WHAT, statement);
  return counts as Published;
}

const fieldOf = (index: number): string => `f${index}`;
/** A record's content as one value; its fields are read out of it again. */
const contentOf = (values: readonly string[]): string =>
  `struct_pack(${values.map((value, index) => `${fieldOf(index)} := ${value}`).join(', ') || 'f0 := 0'})`;

/** `sluice_found`: the chunk's records; `sluice_known`: the versions of their keys. */
function readStatements({ columns, target, relation }: PublishOptions, { keys, contents, cursor, k }: Parts): string[] {
  const place = (column: Column): string => staged(columns.indexOf(column));
  const compared = (reference: string): string => comparable(reference, cursor, target.cursorOrder);
  const values = columns.map(({ type }, index) => `${typed(staged(index), type)} AS ${staged(index)}`).join(', ');
  const ofStage = keys.map((column, index) => `${place(column)} AS k${index}`).join(', ');
  const ofTable = keys.map((column, index) => `t.${ident(column.name)} AS k${index}`).join(', ');
  const own = (name: string): string => `t.${ident(name)}`;
  return [
    `CREATE OR REPLACE TEMP TABLE sluice_found AS
     SELECT ${ofStage}, ${contentOf(contents.map(place))} AS content, ${place(cursor)} AS value, ${compared(place(cursor))} AS "at",
       ${tombstone(target.deletes?.when, columns, place)} AS dead
     FROM (SELECT ${values}, ${ORDER} FROM ${STAGE})
     QUALIFY row_number() OVER (PARTITION BY ${keys.map(place).join(', ')}, ${compared(place(cursor))} ORDER BY ${ORDER} DESC) = 1`,
    `CREATE OR REPLACE TEMP TABLE sluice_known AS
     SELECT *, lead(starts) OVER (PARTITION BY ${k.join(', ')} ORDER BY starts) AS next FROM (
       SELECT ${ofTable}, ${contentOf(contents.map(({ name }) => own(name)))} AS content, ${own(cursor.name)} AS value,
         t.${FROM} AS valid_from, t.${TO} AS valid_to, t.${CURRENT} AS is_current, ${compared(`t.${FROM}`)} AS starts,
         ${compared(own(cursor.name))} AS seen, ${compared(`t.${TO}`)} AS stops, t.${TO} IS NOT DISTINCT FROM t.${FROM} AS empty
       FROM ${relation} t SEMI JOIN sluice_found e ON ${keys.map(({ name }, index) => `${own(name)} = e.k${index}`).join(' AND ')})`,
  ];
}

/** `sluice_grouped`: every point with its island, which neighbours of one content are; `sluice_wanted`: the rows that should be there. */
function placeStatements({ k }: Parts): string[] {
  const key = k.join(', ');
  return [
    `CREATE OR REPLACE TEMP TABLE sluice_grouped AS
     WITH points AS (
       SELECT ${key}, content, value, "at", dead, true AS fresh FROM sluice_found
       UNION ALL SELECT ${key}, content, valid_from, starts, false, false FROM sluice_known WHERE NOT empty
       UNION ALL SELECT ${key}, content, value, seen, false, false FROM sluice_known WHERE NOT empty AND seen > starts
       UNION ALL SELECT ${key}, content, valid_to, stops, true, false FROM sluice_known
         WHERE stops IS NOT NULL AND (empty OR stops IS DISTINCT FROM next)),
     placed AS (
       SELECT *, bool_or(dead AND NOT fresh) OVER (PARTITION BY ${key}, "at") AS was_dead FROM points
       QUALIFY row_number() OVER (PARTITION BY ${key}, "at" ORDER BY fresh DESC) = 1),
     marked AS (
       SELECT *, dead IS DISTINCT FROM lag(dead) OVER w OR (NOT dead AND content IS DISTINCT FROM lag(content) OVER w) AS opens
       FROM placed WINDOW w AS (PARTITION BY ${key} ORDER BY "at"))
     SELECT *, count(*) FILTER (WHERE opens) OVER (PARTITION BY ${key} ORDER BY "at") AS island FROM marked`,
    `CREATE OR REPLACE TEMP TABLE sluice_wanted AS
     WITH islands AS (
       SELECT ${key}, content, dead, island, value, "at", first_value(value) OVER i AS began, first_value("at") OVER i AS began_at
       FROM sluice_grouped WINDOW i AS (PARTITION BY ${key}, island ORDER BY "at")
       QUALIFY row_number() OVER (PARTITION BY ${key}, island ORDER BY "at" DESC) = 1),
     joined AS (
       SELECT *, lead(began) OVER n AS ends, lead(island) OVER n IS NULL AS is_last, lag(island) OVER n IS NULL AS is_first
       FROM islands WINDOW n AS (PARTITION BY ${key} ORDER BY island))
     SELECT ${key}, content, value, began AS valid_from, ends AS valid_to, is_last AS is_current FROM joined WHERE NOT dead
     UNION ALL SELECT ${key}, content, value, value, value, false FROM joined WHERE dead AND (is_first OR "at" > began_at)`,
  ];
}

function countStatement({ k }: Parts, lines: number): string {
  const key = k.join(', ');
  return `WITH p AS (
      SELECT *, bool_and(fresh) OVER (PARTITION BY ${key}, island) AS is_new FROM sluice_grouped),
    judged AS (
      SELECT p.dead, p.opens AND p.is_new AND o.starts IS DISTINCT FROM p."at" AS is_new,
        CASE WHEN p.dead THEN p.was_dead ELSE o.starts IS NOT NULL AND o.content IS NOT DISTINCT FROM p.content END AS was_known
      FROM p LEFT JOIN sluice_known o ON ${same(k, 'o', 'p')} AND NOT o.empty AND p."at" BETWEEN o.starts AND o.seen
      WHERE p.fresh)
    SELECT (count(*) FILTER (WHERE NOT was_known AND NOT dead AND is_new))::DOUBLE AS inserted,
      (count(*) FILTER (WHERE NOT was_known AND NOT dead AND NOT is_new))::DOUBLE AS updated,
      (count(*) FILTER (WHERE was_known))::DOUBLE AS unchanged, 0::DOUBLE AS superseded,
      (count(*) FILTER (WHERE NOT was_known AND dead))::DOUBLE AS deleted, (${lines} - count(*))::DOUBLE AS deduplicated
    FROM judged`;
}

const same = (k: readonly string[], a: string, b: string): string => k.map((name) => `${a}.${name} = ${b}.${name}`).join(' AND ');

function writeStatements(options: PublishOptions, { keys, contents, cursor, k }: Parts): string[] {
  const { relation } = options;
  const onRow = (w: string): string =>
    [...keys.map(({ name }, index) => `t.${ident(name)} = ${w}.k${index}`), `t.${FROM} = ${w}.valid_from`].join(' AND ');
  const values = [
    ...contents.map(({ name }, index) => [ident(name), `w.content.${fieldOf(index)}`]),
    ...[
      [ident(cursor.name), 'w.value'],
      [TO, 'w.valid_to'],
      [CURRENT, 'w.is_current'],
    ],
    ...digestOf(options, { keys, contents, cursor, k }),
  ];
  const sets = [...values, ...metadataOf(options, 'update')].map(([name, value]) => `${name} = ${value}`).join(', ');
  const added = [
    ...keys.map(({ name }, index) => [ident(name), `w.k${index}`]),
    ...values,
    ...[[FROM, 'w.valid_from'], ...metadataOf(options, 'insert')],
  ];
  const there = (a: string, b: string): string => `${same(k, a, b)} AND ${a}.valid_from = ${b}.valid_from`;
  return [
    `DELETE FROM ${relation} t USING (SELECT * FROM sluice_known o ANTI JOIN sluice_wanted w ON ${there('w', 'o')}) o WHERE ${onRow('o')}`,
    `UPDATE ${relation} AS t SET ${sets} FROM (
       SELECT w.* FROM sluice_wanted w JOIN sluice_known o ON ${there('o', 'w')}
       WHERE o.value IS DISTINCT FROM w.value OR o.valid_to IS DISTINCT FROM w.valid_to OR o.is_current IS DISTINCT FROM w.is_current
         OR o.content IS DISTINCT FROM w.content) w WHERE ${onRow('w')}`,
    `INSERT INTO ${relation} (${added.map(([name]) => name).join(', ')}) SELECT ${added.map(([, value]) => value).join(', ')}
     FROM (SELECT * FROM sluice_wanted w ANTI JOIN sluice_known o ON ${there('o', 'w')}) w ORDER BY ${k.map((name) => `w.${name}`).join(', ')}, w.valid_from`,
  ];
}

/** The column of digests with the digest of a row of `w`; empty: rows have none. */
function digestOf({ columns, target }: PublishOptions, { keys, contents, cursor }: Parts): [name: string, value: string][] {
  const digested = digestedColumns(columns, target);
  if (digested === null) return [];
  const values = new Map([
    ...keys.map(({ name }, index): [string, string] => [name, `w.k${index}`]),
    ...contents.map(({ name }, index): [string, string] => [name, `w.content.${fieldOf(index)}`]),
    ...([
      [cursor.name, 'w.value'],
      [MANAGED.validFrom, 'w.valid_from'],
      [MANAGED.validTo, 'w.valid_to'],
      [MANAGED.current, 'w.is_current'],
    ] as const),
  ]);
  return [[DIGEST, DIGESTS.rowDigest(digested, ({ name }) => values.get(name) ?? 'NULL')]];
}
