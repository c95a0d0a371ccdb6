import type { Tombstone } from '../../contracts/destination.port.js';
import { MANAGED } from '../../typing/index.js';
import { comparable } from './cursor-order.js';
import type { MergeOptions } from './merge-parts.js';
import { touch } from './metadata.js';
import { ident } from './quote.js';
import { DIGEST } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import { orderColumn, STAGE } from './stage.js';
import { tombstone } from './tombstone.js';

export interface ErasingMergeOptions extends MergeOptions {
  /** undefined: no record is a tombstone. */
  when: Tombstone | undefined;
  /** The table marks rows that were deleted otherwise; a record that comes back takes the mark away. */
  marks: boolean;
}

/**
 * Compiles the merge of an upsert whose tombstones delete rows, as compileMerge does without them. Of one key the newest record decides, a
 * tombstone or not; a tombstone that is older than the row by cursor is ignored. With the row goes the memory of when it was deleted: an older
 * record that comes in a later chunk brings it back. Merges with tombstones must take turns: a DELETE does not wait for rows that somebody is
 * about to insert.
 */
export function compileErasingMerge(options: ErasingMergeOptions): (lines: number) => string {
  const { relation, columns, primaryKey, cursorField, cursorOrder, when, marks, digested } = options;
  const keys = primaryKey.map(ident);
  const names = columns.map(({ name }) => ident(name));
  const cursor = columns.find(({ name }) => name === cursorField);
  const digest = digested ? [DIGEST] : [];
  const rest = [...columns.filter(({ name }) => !primaryKey.includes(name)).map(({ name }) => ident(name)), ...digest];
  const mark = ident(MANAGED.deleted);
  // Inside the statement columns have names of our own: a field may be called `at` too.
  const own = columns.map((_, index) => `c${index}`);
  const ownOf = (name: string): string => `c${columns.findIndex((column) => column.name === name)}`;
  const ownKeys = primaryKey.map(ownOf);
  const digestValue = digested
    ? [DIGESTS.rowDigest(digested, ({ name }) => (name === MANAGED.deleted ? 'false' : ownOf(name)))]
    : [];
  const compared = (alias: string): string =>
    cursor ? comparable(`${alias}.${ident(cursor.name)}`, cursor, cursorOrder) : 'NULL::integer';
  const of = (alias: string, list: readonly string[]): string => list.map((name) => `${alias}.${name}`).join(', ');
  const sameKey = keys.map((name, index) => `t.${name} = w.${ownKeys[index] ?? ''}`).join(' AND ');
  const notOlder = (at: string): string => (cursor ? `(t.${ident(cursor.name)} IS NULL OR ${at} >= ${compared('t')})` : 'true');
  const latest = [
    of('s', keys),
    ...(cursor ? [`${compared('s')} DESC NULLS LAST`] : []),
    `s.${ident(orderColumn(columns))} DESC`,
  ];
  const set = [...rest.map((name) => `${name} = excluded.${name}`), ...(marks ? [`${mark} = false`] : [])];
  const changed = [...set, ...touch(options)];
  const differs = `${marks ? `t.${mark} IS TRUE OR ` : ''}ROW(${of('t', rest)}) IS DISTINCT FROM ROW(${of('excluded', rest)})`;
  return (lines) => `WITH winners AS MATERIALIZED (
  SELECT DISTINCT ON (${of('s', keys)}) ${names.map((name, index) => `s.${name} AS c${index}`).join(', ')}, ${compared('s')} AS at,
    ${tombstone('s', when, columns)} AS dead FROM ${STAGE} s ORDER BY ${latest.join(', ')}),
merged AS (
  INSERT INTO ${relation} AS t (${[...names, ...(marks ? [mark] : []), ...digest].join(', ')})
  SELECT ${[...own, ...(marks ? ['false'] : []), ...digestValue].join(', ')} FROM winners WHERE NOT dead ORDER BY ${ownKeys.join(', ')}
  ON CONFLICT (${keys.join(', ')}) ${set.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${changed.join(', ')} WHERE ${notOlder(compared('excluded'))} AND (${differs})`}
  RETURNING t.xmax = 0 AS fresh),
erased AS (DELETE FROM ${relation} t USING winners w WHERE w.dead AND ${sameKey} AND ${notOlder('w.at')} RETURNING 1),
older AS (
  SELECT count(*) AS rows FROM winners w CROSS JOIN LATERAL (SELECT ${compared('t')} AS at FROM ${relation} t WHERE ${sameKey} LIMIT 1) t
  WHERE t.at IS NOT NULL AND (w.at IS NULL OR w.at < t.at)),
written AS (
  SELECT count(*) FILTER (WHERE fresh) AS inserted, count(*) FILTER (WHERE NOT fresh) AS updated, (SELECT count(*) FROM erased) AS deleted,
    (SELECT count(*) FROM winners) AS keys FROM merged),
summed AS (SELECT *, least((SELECT rows FROM older), keys - inserted - updated - deleted) AS superseded FROM written),
counted AS (
  SELECT inserted, updated, keys - inserted - updated - deleted - superseded AS unchanged, superseded, deleted, ${lines} - keys AS deduplicated
  FROM summed)`;
}
