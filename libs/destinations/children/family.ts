import type { StreamTarget } from '../../contracts/destination.port.js';
import { ident, qualified } from '../../postgres/index.js';
import { childTarget, managedColumns, parentKey, type ChildTable, type Column } from '../../typing/index.js';

/** A stream's table and the tables of its lists. */
export interface Family {
  target: StreamTarget;
  /** Of the stream's own table. */
  columns: readonly Column[];
  children: readonly ChildTable[];
}

export const quotedNames = (columns: readonly Column[]): string[] => columns.map(({ name }) => ident(name));
/** Quoted. */
export const childRelation = ({ target }: Pick<Family, 'target'>, { table }: Pick<ChildTable, 'table'>): string =>
  qualified(target.namespace, table);
/** Quoted columns of the stream's own table by which its children name it. */
export const parentColumns = ({ columns, target }: Omit<Family, 'children'>): string[] => parentKey(columns, target).map(ident);

/** What a child's row says of its loading is what its parent's row says. */
export const sharedMetadata = ({ target }: Pick<Family, 'target'>, { table, columns }: ChildTable): string[] =>
  quotedNames(managedColumns(columns, childTarget(target, table)));

/** Quoted names of all columns of a child table that are written. */
export const writtenColumns = (family: Pick<Family, 'target'>, child: ChildTable): string[] => [
  ...quotedNames(child.own),
  ...quotedNames(child.columns),
  ...sharedMetadata(family, child),
];

/** The column of the stream's own table that holds the list, quoted. */
export function listColumn({ columns }: Pick<Family, 'columns'>, child: Pick<ChildTable, 'field'>): string {
  const list = columns.find(({ path: [field, ...rest] }) => field === child.field && rest.length === 0);
  return ident(list?.name ?? child.field);
}

/** The values of a child's row, to be compared as one. */
export const rowOf = (alias: string, { columns }: Pick<ChildTable, 'columns'>): string =>
  `ROW(${quotedNames(columns)
    .map((name) => `${alias}.${name}`)
    .join(', ')})`;

/** Removes all rows of the child tables. */
export const clearChildren = (family: Family): string[] =>
  family.children.map((child) => `DELETE FROM ${childRelation(family, child)}`);

/** Removes the children of rows that are not there any more. `relation`: the stream's own table, quoted. */
export const removeOrphans = (family: Family, relation: string): string[] =>
  family.children.map((child) => {
    const same = parentColumns(family).map((key, n) => `t.${key} = c.${quotedNames(child.own)[n] ?? ''}`);
    return `DELETE FROM ${childRelation(family, child)} c WHERE NOT EXISTS (SELECT 1 FROM ${relation} t WHERE ${same.join(' AND ')})`;
  });

/**
 * How many rows a child table lacks, has too many, and has otherwise than the lists of its parents say: columns `missing`, `extra`, `differing`.
 * `wanted`: a relation with the rows that the lists say.
 */
export function countWrong(family: Family, child: ChildTable, wanted: string): string {
  const own = quotedNames(child.own);
  const position = own.at(-1) ?? '';
  const differs = child.columns.length === 0 ? 'false' : `${rowOf('w', child)} IS DISTINCT FROM ${rowOf('c', child)}`;
  return `SELECT CAST(count(*) FILTER (WHERE c.${position} IS NULL) AS float8) AS missing, CAST(count(*) FILTER (WHERE w.${position} IS NULL) AS float8) AS extra,
      CAST(count(*) FILTER (WHERE w.${position} IS NOT NULL AND c.${position} IS NOT NULL AND ${differs}) AS float8) AS differing
    FROM ${wanted} w FULL JOIN ${childRelation(family, child)} c ON ${own.map((name) => `w.${name} = c.${name}`).join(' AND ')}`;
}
