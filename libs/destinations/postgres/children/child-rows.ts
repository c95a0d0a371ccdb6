import { SCALAR, type ChildTable } from '../../../typing/index.js';
import {
  childRelation,
  listColumn,
  parentColumns,
  quotedNames,
  rowOf,
  sharedMetadata,
  writtenColumns,
  type Family,
} from '../../children/family.js';
import { literal, qualified } from '../quote.js';
import { STAGE } from '../stage.js';
import { elementValue, type Lists } from './element-value.js';

/** The rows of a child table that the lists of `from` have: an SQL relation with the alias `t`, of rows of the stream's own table. */
function elements(family: Family, child: ChildTable, from: string, lists: Lists = 'ours'): string {
  const value = `t.${listColumn(family, child)}`;
  const select = [
    ...parentColumns(family).map((name) => `t.${name}`),
    'x.n - 1',
    ...child.columns.map((column) => elementValue(column, 'y.v', lists)),
    ...sharedMetadata(family, child).map((name) => `t.${name}`),
  ];
  return `SELECT ${select.map((expression, n) => `${expression} AS ${writtenColumns(family, child)[n] ?? ''}`).join(', ')} FROM ${from}
    CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(${value}) = 'array' THEN ${value} END) WITH ORDINALITY AS x(e, n)
    CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(x.e) = 'object' THEN x.e ELSE jsonb_build_object(${literal(SCALAR)}, x.e) END AS v) y`;
}

/** An append with the rows of its children. `insert`: an INSERT into the stream's own table. */
export function insertFamily(family: Family, insert: string): string {
  const ctes = family.children.map(
    (child, n) =>
      `child_${n} AS (INSERT INTO ${childRelation(family, child)} (${writtenColumns(family, child).join(', ')}) ${elements(family, child, 'added t')})`,
  );
  return `WITH added AS (${insert} RETURNING *), ${ctes.join(', ')} SELECT count(*) FROM added`;
}

/** Adds the children of every row of a relation (quoted) of the stream's rows. */
export const insertChildren = (family: Family, relation: string): string[] =>
  family.children.map(
    (child) =>
      `INSERT INTO ${childRelation(family, child)} (${writtenColumns(family, child).join(', ')}) ${elements(family, child, `${relation} t`)}`,
  );

/**
 * Makes the children of rows what the lists of these rows say, as one step behind the merge that wrote the rows; whoever would write them too waits for that
 * merge's locks of the rows. What does not change is not written, so a parent that did not change, or that was newer than its record, keeps its children
 * as they are. `relation`: the stream's own table, quoted; `among`: the keys of which rows; `all`: of every row.
 */
export function matchChildren(family: Family, relation: string, among: 'stage' | 'all', lists: Lists = 'ours'): string[] {
  const keys = parentColumns(family);
  const staged = `(SELECT DISTINCT ${keys.join(', ')} FROM ${STAGE}) k`;
  const same = (left: string, names: readonly string[], right: string): string =>
    names.map((name, n) => `${left}.${name} = ${right}.${keys[n] ?? ''}`).join(' AND ');
  const parents = among === 'all' ? `${relation} t` : `${staged} JOIN ${relation} t ON ${same('t', keys, 'k')}`;
  return family.children.flatMap((child) => {
    const own = quotedNames(child.own);
    const value = `t.${listColumn(family, child)}`;
    const length = `CASE WHEN jsonb_typeof(${value}) = 'array' THEN jsonb_array_length(${value}) ELSE 0 END`;
    const parentNames = own.slice(0, -1);
    const stays = `EXISTS (SELECT FROM ${relation} t WHERE ${same('c', parentNames, 't')} AND c.${own.at(-1) ?? ''} >= 0 AND c.${own.at(-1) ?? ''} < ${length})`;
    const removal =
      among === 'all'
        ? `DELETE FROM ${childRelation(family, child)} c WHERE NOT ${stays}`
        : `DELETE FROM ${childRelation(family, child)} c USING ${staged} WHERE ${same('c', parentNames, 'k')} AND NOT ${stays}`;
    const names = quotedNames(child.columns);
    const set = [...names, ...sharedMetadata(family, child)].map((name) => `${name} = excluded.${name}`).join(', ');
    const onConflict =
      names.length === 0
        ? 'DO NOTHING'
        : `DO UPDATE SET ${set} WHERE ${rowOf('c', child)} IS DISTINCT FROM ${rowOf('excluded', child)}`;
    return [
      removal,
      `INSERT INTO ${childRelation(family, child)} AS c (${writtenColumns(family, child).join(', ')}) ${elements(family, child, parents, lists)}
    ON CONFLICT (${own.join(', ')}) ${onConflict}`,
    ];
  });
}

/** See ChildShaper.refill. */
export function refillChildren(family: Family, child: ChildTable, lists: Lists): string {
  const set = quotedNames(child.columns).map((name) => `${name} = w.${name}`);
  const same = quotedNames(child.own).map((name) => `c.${name} = w.${name}`);
  const relation = qualified(family.target.namespace, family.target.table);
  return `UPDATE ${childRelation(family, child)} c SET ${set.join(', ')} FROM ${wantedRows(family, child, relation, lists)} w
    WHERE ${same.join(' AND ')} AND ${rowOf('c', child)} IS DISTINCT FROM ${rowOf('w', child)}`;
}

/** As a relation, for countWrong. `relation`: the stream's own table, quoted. */
export const wantedRows = (family: Family, child: ChildTable, relation: string, lists: Lists): string =>
  `(${elements(family, child, `${relation} t`, lists)})`;
