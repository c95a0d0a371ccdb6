import type { StreamTarget } from '../../../contracts/destination.port.js';
import { childTarget, managedColumns, parentKey, SCALAR, type ChildTable, type Column } from '../../../typing/index.js';
import { ident, literal, qualified } from '../quote.js';
import { STAGE } from '../stage.js';

/** A stream's table and the tables of its lists. */
export interface Family {
  target: StreamTarget;
  /** Of the stream's own table. */
  columns: readonly Column[];
  children: readonly ChildTable[];
}

const relationOf = ({ target }: Family, { table }: ChildTable): string => qualified(target.namespace, table);
const namesOf = (columns: readonly Column[]): string[] => columns.map(({ name }) => ident(name));
/** What a child's row says of its loading is what its parent's row says. */
const metadataOf = ({ target }: Family, { table, columns }: ChildTable): string[] =>
  namesOf(managedColumns(columns, childTarget(target, table)));

/** Names of all columns of a child table that are written, in the order of `elements`. */
const written = (family: Family, child: ChildTable): string[] => [
  ...namesOf(child.own),
  ...namesOf(child.columns),
  ...metadataOf(family, child),
];

/** The list, of a row `t` of the stream's own table. */
function listOf({ columns }: Family, child: ChildTable): string {
  const list = columns.find(({ path: [field, ...rest] }) => field === child.field && rest.length === 0);
  return `t.${ident(list?.name ?? child.field)}`;
}

/** The values of a child's row, to be compared as one. */
const rowOf = (alias: string, { columns }: ChildTable): string =>
  `ROW(${namesOf(columns)
    .map((name) => `${alias}.${name}`)
    .join(', ')})`;

/** The rows of a child table that the lists of `from` have: an SQL relation with the alias `t`, of rows of the stream's own table. */
function elements(family: Family, child: ChildTable, from: string): string {
  const value = listOf(family, child);
  const select = [
    ...parentKey(family.columns, family.target).map((name) => `t.${ident(name)}`),
    'x.n - 1',
    ...child.columns.map(valueOf),
    ...metadataOf(family, child).map((name) => `t.${name}`),
  ];
  return `SELECT ${select.map((expression, n) => `${expression} AS ${written(family, child)[n] ?? ''}`).join(', ')} FROM ${from}
    CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(${value}) = 'array' THEN ${value} END) WITH ORDINALITY AS x(e, n)
    CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(x.e) = 'object' THEN x.e ELSE jsonb_build_object(${literal(SCALAR)}, x.e) END AS v) y`;
}

/** The value of an element's field as its column's type. What the writer let pass fits (see ChildWatch). */
function valueOf({ path: [field = ''], type }: Column): string {
  const text = `(y.v ->> ${literal(field)})`;
  switch (type) {
    case 'jsonb':
      return `nullif(y.v -> ${literal(field)}, 'null'::jsonb)`;
    case 'text':
      return text;
    case 'smallint':
    case 'integer':
    case 'bigint':
      return `${text}::numeric::${type}`; // 1.0 is an integer too
    case 'bytea': {
      const digits = `rtrim(regexp_replace(translate(${text}, '-_', '+/'), '\\s', '', 'g'), '=')`;
      return `decode(rpad(${digits}, (length(${digits}) + 3) / 4 * 4, '='), 'base64')`;
    }
    default:
      return `${text}::${type}`;
  }
}

/** An append with the rows of its children. `insert`: an INSERT into the stream's own table. */
export function insertFamily(family: Family, insert: string): string {
  const ctes = family.children.map(
    (child, n) =>
      `child_${n} AS (INSERT INTO ${relationOf(family, child)} (${written(family, child).join(', ')}) ${elements(family, child, 'added t')})`,
  );
  return `WITH added AS (${insert} RETURNING *), ${ctes.join(', ')} SELECT count(*) FROM added`;
}

/** Adds the children of every row of a relation (quoted) of the stream's rows. */
export const insertChildren = (family: Family, relation: string): string[] =>
  family.children.map(
    (child) =>
      `INSERT INTO ${relationOf(family, child)} (${written(family, child).join(', ')}) ${elements(family, child, `${relation} t`)}`,
  );

/** Removes all rows of the child tables. */
export const clearChildren = (family: Family): string[] =>
  family.children.map((child) => `DELETE FROM ${relationOf(family, child)}`);

/**
 * Makes the children of rows what the lists of these rows say, as one step behind the merge that wrote the rows; whoever would write them too waits for that
 * merge's locks of the rows. What does not change is not written, so a parent that did not change, or that was newer than its record, keeps its children
 * as they are. `relation`: the stream's own table, quoted; `among`: the keys of which rows; `all`: of every row.
 */
export function matchChildren(family: Family, relation: string, among: 'stage' | 'all'): string[] {
  const keys = parentKey(family.columns, family.target).map(ident);
  const staged = `(SELECT DISTINCT ${keys.join(', ')} FROM ${STAGE}) k`;
  const same = (left: string, names: readonly string[], right: string): string =>
    names.map((name, n) => `${left}.${name} = ${right}.${keys[n] ?? ''}`).join(' AND ');
  const parents = among === 'all' ? `${relation} t` : `${staged} JOIN ${relation} t ON ${same('t', keys, 'k')}`;
  return family.children.flatMap((child) => {
    const own = namesOf(child.own);
    const value = listOf(family, child);
    const length = `CASE WHEN jsonb_typeof(${value}) = 'array' THEN jsonb_array_length(${value}) ELSE 0 END`;
    const parentNames = own.slice(0, -1);
    const stays = `EXISTS (SELECT FROM ${relation} t WHERE ${same('c', parentNames, 't')} AND c.${own.at(-1) ?? ''} >= 0 AND c.${own.at(-1) ?? ''} < ${length})`;
    const removal =
      among === 'all'
        ? `DELETE FROM ${relationOf(family, child)} c WHERE NOT ${stays}`
        : `DELETE FROM ${relationOf(family, child)} c USING ${staged} WHERE ${same('c', parentNames, 'k')} AND NOT ${stays}`;
    const names = namesOf(child.columns);
    const set = [...names, ...metadataOf(family, child)].map((name) => `${name} = excluded.${name}`).join(', ');
    const onConflict =
      names.length === 0
        ? 'DO NOTHING'
        : `DO UPDATE SET ${set} WHERE ${rowOf('c', child)} IS DISTINCT FROM ${rowOf('excluded', child)}`;
    return [
      removal,
      `INSERT INTO ${relationOf(family, child)} AS c (${written(family, child).join(', ')}) ${elements(family, child, parents)}
    ON CONFLICT (${own.join(', ')}) ${onConflict}`,
    ];
  });
}

/** Removes the children of rows that are not there any more. */
export const removeOrphans = (family: Family, relation: string): string[] => {
  const keys = parentKey(family.columns, family.target).map(ident);
  return family.children.map((child) => {
    const same = keys.map((key, n) => `t.${key} = c.${ident(child.own[n]?.name ?? '')}`).join(' AND ');
    return `DELETE FROM ${relationOf(family, child)} c WHERE NOT EXISTS (SELECT FROM ${relation} t WHERE ${same})`;
  });
};

/** How many rows a child table lacks, has too many, and has otherwise than the lists of its parents say: columns `missing`, `extra`, `differing`. */
export function countWrong(family: Family, child: ChildTable, relation: string): string {
  const own = namesOf(child.own);
  const position = own.at(-1) ?? '';
  const differs = child.columns.length === 0 ? 'false' : `${rowOf('w', child)} IS DISTINCT FROM ${rowOf('c', child)}`;
  return `SELECT count(*) FILTER (WHERE c.${position} IS NULL)::float8 AS missing, count(*) FILTER (WHERE w.${position} IS NULL)::float8 AS extra,
      count(*) FILTER (WHERE w.${position} IS NOT NULL AND c.${position} IS NOT NULL AND ${differs})::float8 AS differing
    FROM (${elements(family, child, `${relation} t`)}) w
    FULL JOIN ${relationOf(family, child)} c ON ${own.map((name) => `w.${name} = c.${name}`).join(' AND ')}`;
}
