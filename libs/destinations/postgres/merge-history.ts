import type { Tombstone } from '../../contracts/destination.port.js';
import { MANAGED, type Column } from '../../typing/index.js';
import { comparable } from './cursor-order.js';
import type { MergeOptions } from './merge-parts.js';
import { touch } from './metadata.js';
import { ident } from './quote.js';
import { DIGEST } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import { orderColumn, STAGE } from './stage.js';
import { tombstone } from './tombstone.js';

export interface HistoryMergeOptions extends MergeOptions {
  /** Name of its column. */
  cursorField: string;
  when: Tombstone | undefined;
}

const [FROM, TO, CURRENT] = [MANAGED.validFrom, MANAGED.validTo, MANAGED.current].map(ident) as [string, string, string];

/**
 * Compiles the merge of the session's stage into a table of versions (scd2), as the head of a statement whose end writes the ledger.
 *
 * What is known of a key are points in time, by cursor: it had this content, or it was deleted. A row of the table stands for two or three of
 * them: `valid_from`, the cursor's column (the last record that confirmed the content), and `valid_to` where a delete ended it. The statement
 * puts the records that were read among the points of the table, lets the last read win where cursors are equal, draws together neighbours
 * of one content, and writes the rows that come out differently. So a late record splits the version that it falls into, whichever order
 * records come in, and what was there already changes nothing. Only versions from the one before the earliest record on are looked at, by the
 * key's index. A delete that no version ends with leaves a row that is valid at no time (`valid_from` = `valid_to`), so that an older record
 * that comes after it does not bring the key back.
 *
 * Counts are of records, each compared with the table before the chunk. Two merges of one table must take turns (see `lockMerges`).
 */
export function compileHistoryMerge(options: HistoryMergeOptions): (lines: number) => string {
  const { relation, columns, primaryKey, cursorField, cursorOrder, when, digested } = options;
  const column = (name: string): Column => columns.find((each) => each.name === name) as Column;
  const cursor = ident(cursorField);
  const contents = columns.map(({ name }) => name).filter((name) => !primaryKey.includes(name) && name !== cursorField);
  // Inside the statement columns have names of our own: a field may be called like anything else in it.
  const k = primaryKey.map((_, index) => `k${index}`);
  const c = contents.map((_, index) => `c${index}`);
  const valueOf = new Map([
    ...[...primaryKey, ...contents].map((name, index): [string, string] => [name, `w.${[...k, ...c][index] ?? ''}`]),
    ...([
      [cursorField, 'w.value'],
      [MANAGED.validFrom, 'w.valid_from'],
      [MANAGED.validTo, 'w.valid_to'],
      [MANAGED.current, 'w.is_current'],
    ] as const),
  ]);
  const digest = digested ? [DIGEST] : [];
  const digestValue = digested ? [`, ${DIGESTS.rowDigest(digested, ({ name }) => valueOf.get(name) as string)}`] : [];
  const fields = [...k, ...c].join(', ');
  const read = (alias: string): string =>
    [...primaryKey, ...contents].map((name, index) => `${alias}.${ident(name)} AS ${[...k, ...c][index] ?? ''}`).join(', ');
  const of = (alias: string, names: readonly string[]): string => names.map((name) => `${alias}.${name}`).join(', ');
  const compared = (reference: string): string => comparable(reference, column(cursorField), cursorOrder);
  const same = (a: string, b: string): string => k.map((name) => `${a}.${name} = ${b}.${name}`).join(' AND ');
  const sameRow = (row: string, b: string): string =>
    primaryKey.map((name, n) => `${row}.${ident(name)} = ${b}.k${n}`).join(' AND ');
  // Compared as one value, which joins carry from both sides: the columns of both may be more than a join can have.
  const content = (alias: string): string => `ROW(${of(alias, contents.map(ident)) || '0'}) AS content`;
  const key = k.join(', ');
  const tableKey = primaryKey.map(ident).join(', ');
  const at = compared(`s.${cursor}`);
  return (lines) => `WITH found AS MATERIALIZED (
  SELECT DISTINCT ON (${of('s', primaryKey.map(ident))}, ${at}) ${read('s')}, ${content('s')}, s.${cursor} AS value, ${at} AS at, ${tombstone('s', when, columns)} AS dead
  FROM ${STAGE} s ORDER BY ${of('s', primaryKey.map(ident))}, ${at}, s.${ident(orderColumn(columns))} DESC),
earliest AS (SELECT DISTINCT ON (${key}) ${key}, at FROM found ORDER BY ${key}, at),
known AS MATERIALIZED (
  SELECT t.*, lead(t.starts) OVER (PARTITION BY ${of('t', k)} ORDER BY t.starts) AS next
  FROM earliest e CROSS JOIN LATERAL (
    SELECT ${read('t')}, ${content('t')}, t.${cursor} AS value, t.${FROM} AS valid_from, t.${TO} AS valid_to, t.${CURRENT} AS is_current,
      ${compared(`t.${FROM}`)} AS starts, ${compared(`t.${cursor}`)} AS seen, ${compared(`t.${TO}`)} AS stops,
      t.${TO} IS NOT DISTINCT FROM t.${FROM} AS empty
    FROM ${relation} t WHERE ${sameRow('t', 'e')} AND ${compared(`t.${FROM}`)} >= coalesce((
      SELECT ${compared(`b.${FROM}`)} FROM ${relation} b WHERE ${sameRow('b', 'e')} AND ${compared(`b.${FROM}`)} < e.at
      ORDER BY ${compared(`b.${FROM}`)} DESC LIMIT 1), e.at) OFFSET 0) t),
points AS (
  SELECT ${fields}, content, value, at, dead, true AS fresh FROM found
  UNION ALL SELECT ${fields}, content, valid_from, starts, false, false FROM known WHERE NOT empty
  UNION ALL SELECT ${fields}, content, value, seen, false, false FROM known WHERE NOT empty AND seen > starts
  UNION ALL SELECT ${fields}, content, valid_to, stops, true, false FROM known WHERE stops IS NOT NULL AND (empty OR stops IS DISTINCT FROM next)),
placed AS (
  SELECT DISTINCT ON (${key}, at) *, bool_or(dead AND NOT fresh) OVER (PARTITION BY ${key}, at) AS was_dead
  FROM points ORDER BY ${key}, at, fresh DESC),
marked AS (
  SELECT p.*, dead IS DISTINCT FROM lag(dead) OVER w OR (NOT dead AND content IS DISTINCT FROM lag(content) OVER w) AS opens
  FROM placed p WINDOW w AS (PARTITION BY ${key} ORDER BY at)),
grouped AS MATERIALIZED (
  SELECT *, count(*) FILTER (WHERE opens) OVER (PARTITION BY ${key} ORDER BY at) AS island FROM marked),
islands AS (
  SELECT DISTINCT ON (${key}, island) ${fields}, content, dead, island, value, at, first_value(value) OVER i AS began, first_value(at) OVER i AS began_at
  FROM grouped WINDOW i AS (PARTITION BY ${key}, island ORDER BY at) ORDER BY ${key}, island, at DESC),
joined AS (
  SELECT *, lead(began) OVER n AS ends, lead(island) OVER n IS NULL AS last, lag(island) OVER n IS NULL AS first
  FROM islands WINDOW n AS (PARTITION BY ${key} ORDER BY island)),
wanted AS MATERIALIZED (
  SELECT ${fields}, content, value, began AS valid_from, ends AS valid_to, last AS is_current FROM joined WHERE NOT dead
  UNION ALL SELECT ${fields}, content, value, value, value, false FROM joined WHERE dead AND (first OR at > began_at)),
gone AS (
  DELETE FROM ${relation} t USING known o WHERE ${sameRow('t', 'o')} AND t.${FROM} = o.valid_from
    AND NOT EXISTS (SELECT FROM wanted w WHERE ${same('w', 'o')} AND w.valid_from = o.valid_from)),
put AS (
  INSERT INTO ${relation} AS t (${[tableKey, ...contents.map(ident), cursor, FROM, TO, CURRENT, ...digest].join(', ')})
  SELECT ${of('w', [...k, ...c])}, w.value, w.valid_from, w.valid_to, w.is_current${digestValue.join('')}
  FROM wanted w LEFT JOIN known o ON ${same('w', 'o')} AND o.valid_from = w.valid_from
  WHERE o.valid_from IS NULL
    OR (o.value, o.valid_to, o.is_current, o.content) IS DISTINCT FROM (w.value, w.valid_to, w.is_current, w.content)
  ORDER BY ${of('w', k)}
  ON CONFLICT (${tableKey}, ${FROM})
  DO UPDATE SET ${[...[...contents.map(ident), cursor, TO, CURRENT, ...digest].map((name) => `${name} = excluded.${name}`), ...touch(options)].join(', ')}),
judged AS (
  SELECT p.dead, p.opens AND p.is_new AND o.starts IS DISTINCT FROM p.at AS is_new,
    CASE WHEN p.dead THEN p.was_dead ELSE o.starts IS NOT NULL AND o.content IS NOT DISTINCT FROM p.content END AS was_known
  FROM (SELECT ${key}, at, content, dead, fresh, opens, was_dead, bool_and(fresh) OVER (PARTITION BY ${key}, island) AS is_new FROM grouped) p
  LEFT JOIN known o ON ${same('o', 'p')} AND NOT o.empty AND p.at BETWEEN o.starts AND o.seen
  WHERE p.fresh),
counted AS (
  SELECT count(*) FILTER (WHERE NOT was_known AND NOT dead AND is_new) AS inserted,
    count(*) FILTER (WHERE NOT was_known AND NOT dead AND NOT is_new) AS updated,
    count(*) FILTER (WHERE was_known) AS unchanged, 0 AS superseded,
    count(*) FILTER (WHERE NOT was_known AND dead) AS deleted, ${lines} - count(*) AS deduplicated
  FROM judged)`;
}
