import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Column } from '../../typing/index.js';
import { comparable } from './cursor-order.js';
import { touch } from './metadata.js';
import { ident } from './quote.js';
import { DIGEST } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
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

/** What the merges of an upsert without tombstones are made of: SQL in which `s` is a line of the stage and `t` a row of the table. */
export interface MergeParts {
  relation: string;
  /** The key's columns, and all of a record's. */
  keys: readonly string[];
  names: readonly string[];
  /** Whether a row has anything but its key. */
  comparable: boolean;
  /** The columns of the table that a line fills, and what with. */
  into: string;
  values: string;
  /** The cursor as it compares; null: there is none. */
  cursor: ((alias: string) => string) | null;
  /** The line that counts of each key, in the order of the key; `list` of the stage's `s`. */
  winners: (list: string) => string;
  /** Whether the row is just what the line would make of it. */
  same: string;
  /** Everything behind the source of an INSERT into `t`; returns whether the row is `fresh`. */
  onConflict: string;
}

export function mergeParts({
  relation,
  columns,
  primaryKey,
  cursorField,
  cursorOrder,
  metadata,
  digested,
}: MergeOptions): MergeParts {
  const keys = primaryKey.map(ident);
  const key = keys.join(', ');
  const names = columns.map(({ name }) => ident(name));
  const data = columns.filter(({ name }) => !primaryKey.includes(name)).map(({ name }) => ident(name));
  const digest = digested ? [DIGESTS.rowDigest(digested, ({ name }) => `s.${ident(name)}`)] : [];
  // A row of another digest is written even if nothing else changed: so it gets the right one.
  const rest = digested ? [...data, DIGEST] : data;
  const cursor = columns.find(({ name }) => name === cursorField);
  const compared = (alias: string): string => comparable(`${alias}.${ident(cursorField ?? '')}`, cursor, cursorOrder);
  const latest = [key, ...(cursor ? [`${compared('s')} DESC NULLS LAST`] : []), `s.${ident(orderColumn(columns))} DESC`].join(
    ', ',
  );
  const notOlder = cursor ? `(t.${ident(cursor.name)} IS NULL OR ${compared('excluded')} >= ${compared('t')}) AND ` : '';
  const list = (alias: string): string => rest.map((name) => `${alias}.${name}`).join(', ');
  const action =
    rest.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${[...rest.map((name) => `${name} = excluded.${name}`), ...touch({ metadata })].join(', ')}
    WHERE ${notOlder}(${list('t')}) IS DISTINCT FROM (${list('excluded')})`;
  return {
    ...{ relation, keys, names },
    comparable: rest.length > 0,
    into: (digested ? [...names, DIGEST] : names).join(', '),
    values: [...names.map((name) => `s.${name}`), ...digest].join(', '),
    cursor: cursor ? compared : null,
    winners: (columns) => `SELECT DISTINCT ON (${key}) ${columns} FROM ${STAGE} s ORDER BY ${latest}`,
    same: `(${list('t')}) IS NOT DISTINCT FROM (${[...data.map((name) => `s.${name}`), ...digest].join(', ')})`,
    onConflict: `ON CONFLICT (${key}) ${action}
  RETURNING t.xmax = 0 AS fresh`,
  };
}

/** Of a line `s` and the row `t` that has its key: the row is newer by cursor. */
export const olderThanRow = ({ cursor }: MergeParts): string =>
  cursor === null ? 'false' : `${cursor('t')} IS NOT NULL AND (${cursor('s')} IS NULL OR ${cursor('s')} < ${cursor('t')})`;

/** The row `t` with the key of `alias`, by the key's index, whatever the planner thinks of a table that it has no statistics of. */
export const rowOf = ({ relation, keys }: MergeParts, alias: string, list: string): string =>
  `LEFT JOIN LATERAL (SELECT ${list} FROM ${relation} t WHERE ${keys.map((name) => `t.${name} = ${alias}.${name}`).join(' AND ')} LIMIT 1) t ON true`;
