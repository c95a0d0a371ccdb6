import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Column } from '../../typing/index.js';
import { comparable } from './cursor-order.js';
import { touch } from './metadata.js';
import { ident } from './quote.js';
import { DIGEST, rowDigest } from './row-digest.js';
import { orderColumn, STAGE } from './stage.js';

export interface MergeOptions {
  /** Quoted. */
  relation: string;
  columns: readonly Column[];
  primaryKey: readonly string[];
  cursorField: string | null;
  cursorOrder: 'text' | 'number';
  metadata?: StreamTarget['metadata'];
  /** See digestedColumns. */
  digested: readonly Column[] | null;
}

/**
 * Compiles the merge of the session's stage into a table, as the head of a statement whose end writes the ledger from its counts.
 *
 * - Of several records with one key the one with the highest cursor wins, then the one that was read last. Rows go in by key: neighbours meet
 *   the same index pages, and two merges that share keys lock them in the same order.
 * - A row is replaced only by one that is not older by cursor (a missing cursor is the oldest) and that differs: an unchanged row gets no new
 *   version and no index entry. It is locked all the same, as every row that ON CONFLICT DO UPDATE meets.
 * - The counts cost nothing while every line became a row or a new version. Only otherwise are the keys counted, and the rows looked up (by the
 *   key's index, whatever the planner thinks of a table it has no statistics of) that were held back for being older. The look-up sees the
 *   table as it was before the statement; where somebody else changes the same row at the same time, `least` keeps the sum right.
 */
export function compileMerge({
  relation,
  columns,
  primaryKey,
  cursorField,
  cursorOrder,
  metadata,
  digested,
}: MergeOptions): (lines: number) => string {
  const keys = primaryKey.map(ident);
  const key = keys.join(', ');
  const names = columns.map(({ name }) => ident(name));
  // A row of another digest is written even if nothing else changed: so it gets the right one.
  const rest = [
    ...columns.filter(({ name }) => !primaryKey.includes(name)).map(({ name }) => ident(name)),
    ...(digested ? [DIGEST] : []),
  ];
  const into = digested ? [...names, DIGEST] : names;
  const values = digested ? [...names, rowDigest(digested, ({ name }) => `s.${ident(name)}`)] : names;
  const order = ident(orderColumn(columns));
  const cursor = columns.find(({ name }) => name === cursorField);
  const compared = (alias: string): string => comparable(`${alias}.${ident(cursorField ?? '')}`, cursor, cursorOrder);
  const latest = [key, ...(cursor ? [`${compared('s')} DESC NULLS LAST`] : []), `s.${order} DESC`].join(', ');
  const winners = (list: string): string => `SELECT DISTINCT ON (${key}) ${list} FROM ${STAGE} s ORDER BY ${latest}`;
  const notOlder = cursor ? `(t.${ident(cursor.name)} IS NULL OR ${compared('excluded')} >= ${compared('t')}) AND ` : '';
  const list = (alias: string): string => `(${rest.map((name) => `${alias}.${name}`).join(', ')})`;
  const onConflict =
    rest.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${[...rest.map((name) => `${name} = excluded.${name}`), ...touch({ metadata })].join(', ')}
    WHERE ${notOlder}${list('t')} IS DISTINCT FROM ${list('excluded')}`;
  const keysOfWinners = winners(
    [...keys.map((name) => `s.${name}`), ...(cursor ? [`${compared('s')} AS "cursor"`] : [])].join(', '),
  );
  const lookUp = cursor
    ? `LEFT JOIN LATERAL (SELECT ${compared('t')} AS "cursor" FROM ${relation} t
      WHERE ${keys.map((name) => `t.${name} = w.${name}`).join(' AND ')} LIMIT 1) t ON true`
    : '';
  const older = cursor
    ? `count(*) FILTER (WHERE t."cursor" IS NOT NULL AND (w."cursor" IS NULL OR w."cursor" < t."cursor"))`
    : '0';
  return (lines) => `WITH merged AS (
  INSERT INTO ${relation} AS t (${into.join(', ')})
  SELECT ${values.join(', ')} FROM (${winners(names.map((name) => `s.${name}`).join(', '))}) s
  ON CONFLICT (${key}) ${onConflict}
  RETURNING t.xmax = 0 AS fresh),
returned AS (SELECT count(*) AS touched, count(*) FILTER (WHERE fresh) AS inserted FROM merged),
counted AS (
  SELECT touched, inserted, CASE WHEN touched = ${lines} THEN touched ELSE found.keys END AS keys, superseded
  FROM returned CROSS JOIN LATERAL (
    SELECT count(*) AS keys, ${older} AS superseded FROM (${keysOfWinners}) w ${lookUp}
    WHERE touched <> ${lines}) found)`;
}
