import { olderThanRow, rowOf, type MergeParts } from './merge-parts.js';
import { STAGE } from './stage.js';

/**
 * Compiles the merge of the session's stage into a table, as the head of a statement whose end writes the ledger from its counts.
 *
 * - Of several records with one key the one with the highest cursor wins, then the one that was read last. Rows go in by key: neighbours meet
 *   the same index pages, and two merges that share keys lock them in the same order.
 * - A row is replaced only by one that is not older by cursor (a missing cursor is the oldest) and that differs: an unchanged row gets no new
 *   version and no index entry. It is locked all the same, as every row that ON CONFLICT DO UPDATE meets: see compileComparingMerge.
 * - The counts cost nothing while every line became a row or a new version. Only otherwise are the keys counted, and the rows looked up that
 *   were held back for being older. The look-up sees the table as it was before the statement; where somebody else changes the same row at the
 *   same time, the ledger's `least` keeps the sum right.
 */
export function compileMerge(parts: MergeParts): (lines: number) => string {
  const { relation, keys, names, into, values, cursor, winners, onConflict } = parts;
  const keysOfWinners = winners(
    [...keys.map((name) => `s.${name}`), ...(cursor ? [`${cursor('s')} AS "cursor"`] : [])].join(', '),
  );
  const lookUp = cursor ? rowOf(parts, 'w', `${cursor('t')} AS "cursor"`) : '';
  const older = cursor
    ? `count(*) FILTER (WHERE t."cursor" IS NOT NULL AND (w."cursor" IS NULL OR w."cursor" < t."cursor"))`
    : '0';
  return (lines) => `WITH merged AS (
  INSERT INTO ${relation} AS t (${into})
  SELECT ${values} FROM (${winners(names.map((name) => `s.${name}`).join(', '))}) s
  ${onConflict}),
returned AS (SELECT count(*) AS touched, count(*) FILTER (WHERE fresh) AS inserted FROM merged),
counted AS (
  SELECT touched, inserted, CASE WHEN touched = ${lines} THEN touched ELSE found.keys END AS keys, superseded
  FROM returned CROSS JOIN LATERAL (
    SELECT count(*) AS keys, ${older} AS superseded FROM (${keysOfWinners}) w ${lookUp}
    WHERE touched <> ${lines}) found)`;
}

/**
 * Compiles the same merge for a chunk that changes little: rows are looked up and compared first, and only what would change them is offered to the
 * table. What is left out takes no lock and writes no WAL, which is most of what an unchanged row costs compileMerge; superseded rows are known by the way. For
 * lines that do change something the look-up comes on top: see mostlyUnchanged.
 *
 * A row that somebody else is changing meanwhile is taken as it was when the statement began: leaving it is what this merge would have done
 * before theirs. Who passes the comparison meets the table's newest version all the same.
 */
export function compileComparingMerge(parts: MergeParts): string {
  const { relation, keys, names, into, values, winners, onConflict, same } = parts;
  const lines = winners(['s.ctid', ...names.map((name) => `s.${name}`)].join(', '));
  return `WITH judged AS MATERIALIZED (
  SELECT s.ctid AS line, t.older, t.same FROM (${lines}) s
  ${rowOf(parts, 's', `${olderThanRow(parts)} AS older, ${same} AS same`)}),
merged AS (
  INSERT INTO ${relation} AS t (${into})
  SELECT ${values} FROM judged j JOIN ${STAGE} s ON s.ctid = j.line WHERE (j.older OR j.same) IS NOT TRUE
  ORDER BY ${keys.map((name) => `s.${name}`).join(', ')}
  ${onConflict}),
counted AS (
  SELECT count(*) AS touched, count(*) FILTER (WHERE fresh) AS inserted,
    (SELECT count(*) FROM judged) AS keys, (SELECT count(*) FROM judged WHERE older) AS superseded
  FROM merged)`;
}
