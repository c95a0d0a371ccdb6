import type { Tombstone } from '../../contracts/destination.port.js';
import { columnOf, MANAGED } from '../../typing/index.js';
import { comparable } from './cursor-order.js';
import type { MergeOptions } from './merge-parts.js';
import { touch } from './metadata.js';
import { ident } from './quote.js';
import { DIGEST } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import { orderColumn, STAGE } from './stage.js';
import { tombstone } from './tombstone.js';

export interface MarkingMergeOptions extends MergeOptions {
  when: Tombstone;
}

/**
 * Compiles the merge of an upsert whose tombstones mark rows, as compileMerge does without them. A marked row keeps what it had, but takes cursor
 * and the field that says so from the tombstone; a key that was never seen gets a row of the tombstone. So an older record that comes later does
 * not bring the key back; a newer one does, and takes the mark away.
 *
 * Of the chunk's records of a key those count that are not older than one read before them: the last of these decides whether the row is
 * marked, the last that is no tombstone (without one the row, or else the first) what is in it, as if each had come by itself. What the row has is read first, so merges must take turns.
 */
export function compileMarkingMerge(options: MarkingMergeOptions): (lines: number) => string {
  const { relation, columns, primaryKey, cursorField, cursorOrder, when, digested } = options;
  const keys = primaryKey.map(ident);
  const names = columns.map(({ name }) => ident(name));
  const cursor = columns.find(({ name }) => name === cursorField);
  const said = columnOf(columns, when.field)?.name;
  const mark = ident(MANAGED.deleted);
  const rest = columns.filter(({ name }) => !primaryKey.includes(name)).map(({ name }) => ident(name));
  // Inside the statement columns have names of our own: a field may be called `at` too.
  const own = columns.map((_, index) => `c${index}`);
  const ownOf = (name: string): string => `c${columns.findIndex((column) => column.name === name)}`;
  const ownKeys = primaryKey.map(ownOf);
  const digest = digested ? [DIGEST] : [];
  const digestValue = digested
    ? [DIGESTS.rowDigest(digested, ({ name }) => (name === MANAGED.deleted ? 'dead' : ownOf(name)))]
    : [];
  const of = (alias: string, list: readonly string[]): string => list.map((name) => `${alias}.${name}`).join(', ');
  const touched = touch(options, `CASE WHEN excluded.${mark} THEN 'delete' ELSE 'update' END`);
  const key = ownKeys.join(', ');
  const compared = (alias: string): string =>
    cursor ? comparable(`${alias}.${ident(cursor.name)}`, cursor, cursorOrder) : 'NULL::integer';
  const notOlder = (at: string): string => (cursor ? `(t.at IS NULL OR ${at} >= t.at)` : 'true');
  const chosen = columns.map(({ name }, index) =>
    primaryKey.includes(name) || name === cursor?.name || name === said
      ? `w.c${index}`
      : `CASE WHEN t.found AND (c.dead OR NOT coalesce(${notOlder('c.at')}, false)) THEN t.c${index} ELSE c.c${index} END`,
  );
  return (lines) => `WITH staged AS (
  SELECT ${names.map((name, index) => `s.${name} AS c${index}`).join(', ')}, ${compared('s')} AS at, s.${ident(orderColumn(columns))} AS place,
    ${tombstone('s', when, columns)} AS dead FROM ${STAGE} s),
standing AS MATERIALIZED (
  SELECT * FROM (SELECT *, max(at) OVER (PARTITION BY ${key} ORDER BY place) AS top FROM staged) s WHERE at IS NOT DISTINCT FROM top),
winners AS MATERIALIZED (SELECT DISTINCT ON (${key}) * FROM standing ORDER BY ${key}, place DESC),
contents AS (SELECT DISTINCT ON (${key}) * FROM standing ORDER BY ${key}, dead, CASE WHEN dead THEN place ELSE -place END),
chosen AS MATERIALIZED (
  SELECT ${chosen.map((value, index) => `${value} AS c${index}`).join(', ')}, w.dead, t.found IS TRUE AND NOT ${notOlder('w.at')} IS TRUE AS older
  FROM winners w JOIN contents c ON ${ownKeys.map((name) => `c.${name} = w.${name}`).join(' AND ')}
  LEFT JOIN LATERAL (
    SELECT ${names.map((name, index) => `r.${name} AS c${index}`).join(', ')}, ${compared('r')} AS at, true AS found FROM ${relation} r
    WHERE ${keys.map((name, index) => `r.${name} = w.${ownKeys[index] ?? ''}`).join(' AND ')} LIMIT 1) t ON true),
merged AS (
  INSERT INTO ${relation} AS t (${[...names, mark, ...digest].join(', ')})
  SELECT ${[...own, 'dead', ...digestValue].join(', ')} FROM chosen WHERE NOT older ORDER BY ${key}
  ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${[...[...rest, mark, ...digest].map((name) => `${name} = excluded.${name}`), ...touched].join(', ')}
    WHERE (t.${mark} IS TRUE) IS DISTINCT FROM excluded.${mark} OR ROW(${of('t', [...rest, ...digest])}) IS DISTINCT FROM ROW(${of('excluded', [...rest, ...digest])})
  RETURNING t.xmax = 0 AS fresh, t.${mark} AS dead),
counted AS (
  SELECT count(*) FILTER (WHERE fresh AND NOT dead) AS inserted, count(*) FILTER (WHERE NOT fresh AND NOT dead) AS updated,
    (SELECT count(*) FROM chosen WHERE NOT older) - count(*) AS unchanged, (SELECT count(*) FROM chosen WHERE older) AS superseded,
    count(*) FILTER (WHERE dead) AS deleted, ${lines} - (SELECT count(*) FROM chosen) AS deduplicated
  FROM merged)`;
}
