import type { Tombstone } from '../../contracts/destination.port.js';
import type { StreamTarget } from '../../contracts/stream-ref.js';
import { isKeyed } from '../../contracts/write-mode.js';
import { ident, literal, qualified } from '../../postgres/index.js';
import { namesOf, type Column } from '../../typing/index.js';
import { present } from './present.js';

/** What a comparison of a table with its source's records is made of. */
export interface Compared {
  target: StreamTarget;
  columns: readonly Column[];
}

/** How one database says what a comparison needs. */
export interface CompareDialect {
  /** Where the session's temporary tables are, as a prefix. */
  temp: 'pg_temp' | 'temp';
  /** The temporary table with the source's records: columns of the stream's table, by name and type, and `order`. */
  copy: string;
  /** Quoted: the order of reading. Never null. */
  order: (columns: readonly Column[]) => string;
  /** What names a row of a temporary table while nobody writes there. */
  rowId: 'ctid' | 'rowid';
  /** A text of values that is another one where any of them is another one. In it `md5()`: 32 digits. */
  rowText: (values: readonly string[]) => string;
  /** A list of those texts that are not null. */
  texts: (expressions: readonly string[]) => string;
  /** A value of the cursor's column as a merge compares it. */
  comparable: (reference: string, column: Column, order: 'text' | 'number') => string;
  /** Whether a record of `s` says that it is deleted. Never null. */
  tombstone: (alias: string, when: Tombstone | undefined, columns: readonly Column[]) => string;
  /** Whether a row of `t` has another digest than its values; null: rows have none. */
  digestIsWrong: (compared: Compared) => string | null;
  /** What helps the database to find rows of `copy` by these columns; empty: it needs no help. */
  prepareJoin: (copy: string, keys: readonly string[]) => readonly string[];
}

/** What was found: kind, the key's columns with their own types, columns that differ, detail, outcome, and whether the table's row is newer. */
export const foundTable = ({ temp }: CompareDialect): string => `${temp}.sluice_found`;
export const rowsTable = ({ temp }: CompareDialect): string => `${temp}.sluice_rows`;

/** Statements, one after the other, that fill foundTable from the copy and the table. Pure. */
export function compareStatements(dialect: CompareDialect, compared: Compared): string[] {
  const keys = keysOf(compared);
  const found = `CREATE TEMP TABLE sluice_found AS
    SELECT CAST('' AS text) AS "sluice kind", ${dialect.texts([])} AS "sluice columns", CAST(NULL AS text) AS "sluice detail", CAST(NULL AS text) AS "sluice outcome",
      false AS "sluice newer"${keys.map((key) => `, ${ident(key)}`).join('')} FROM ${relationOf(compared)} LIMIT 0`;
  return [
    `DROP TABLE IF EXISTS ${foundTable(dialect)}`,
    found,
    ...(isKeyed(compared.target.mode) ? byKey(dialect, compared) : byContent(dialect, compared)),
  ];
}

export const keysOf = ({ target, columns }: Compared): string[] => namesOf(columns, target).primaryKey;
export const relationOf = ({ target }: Pick<Compared, 'target'>): string => qualified(target.namespace, target.table);

/** One row a key: both sides are joined by it. Of the source's records with one key the one wins that wins in a merge. */
function byKey(dialect: CompareDialect, compared: Compared): string[] {
  const { columns } = compared;
  const { copy, rowId } = dialect;
  const found = foundTable(dialect);
  const keys = keysOf(compared).map(ident);
  const order = dialect.order(columns);
  const value = cursorOf(dialect, compared);
  const latest = [...(value === null ? [] : [`${value('s')} DESC NULLS LAST`]), `s.${order} DESC`].join(', ');
  const rest = columns.map(({ name }) => ident(name)).filter((name) => !keys.includes(name));
  const list = (alias: string): string => `(${rest.map((name) => `${alias}.${name}`).join(', ')})`;
  const differs = rest.length === 0 ? 'false' : `(${list('t')} IS DISTINCT FROM ${list('s')})`;
  const wrong = dialect.digestIsWrong(compared) ?? 'false';
  const both = `s.${order} IS NOT NULL AND t."sluice there" IS NOT NULL`;
  const newer = value === null ? 'false' : `coalesce(${value('t')} > ${value('s')}, ${value('t')} IS NOT NULL)`;
  const kind = `CASE WHEN s.${order} IS NULL THEN 'extra'
      WHEN t."sluice there" IS NULL THEN 'missing' ELSE 'differing' END`;
  return [
    `DELETE FROM ${copy} s USING (
       SELECT ${rowId} AS at, row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY ${latest}) AS n FROM ${copy} s) d
     WHERE s.${rowId} = d.at AND d.n > 1`,
    // Of a record that says it is deleted there is no row, or a marked one.
    `DELETE FROM ${copy} s WHERE ${dialect.tombstone('s', compared.target.deletes?.when, columns)}`,
    ...dialect.prepareJoin(copy, []),
    `INSERT INTO ${found}
     SELECT ${kind}, CASE WHEN ${both} THEN ${differing(dialect, rest)} END,
       CASE WHEN ${both} AND NOT ${differs} THEN 'its digest is not that of its values' END, NULL, ${both} AND ${newer}, ${keys.map((key) => `coalesce(s.${key}, t.${key})`).join(', ')}
     FROM (SELECT *, true AS "sluice there" FROM ${relationOf(compared)} t WHERE ${present(compared.target)}) t
     FULL JOIN ${copy} s ON ${keys.map((key) => `t.${key} = s.${key}`).join(' AND ')}
     WHERE (s.${order} IS NULL AND ${keys.map((key) => `t.${key} IS NOT NULL`).join(' AND ')}) OR t."sluice there" IS NULL OR ${differs} OR ${wrong}`,
  ];
}

/**
 * Rows are counted by their content on both sides; only contents that are there a different number of times go on. A key, where there is one,
 * tells then whether a row is missing, too many, or another one. In an append a row that the source does not have any more is what a record was
 * before, as long as its key is there. Where runs append all of the source's records again a row may be of any of them: each record must be there
 * as often as the source has it, at least. A row of a wrong digest counts as another content.
 */
function byContent(dialect: CompareDialect, compared: Compared): string[] {
  const { columns, target } = compared;
  const { copy } = dialect;
  const [found, rows] = [foundTable(dialect), rowsTable(dialect)];
  const names = columns.map(({ name }) => ident(name));
  const keys = keysOf(compared).map(ident);
  const content = (alias: string): string => `md5(${dialect.rowText(names.map((name) => `${alias}.${name}`))})`;
  const wrong = dialect.digestIsWrong(compared);
  const ours = wrong === null ? content('t') : `${content('t')} || CASE WHEN ${wrong} THEN '?' ELSE '' END`;
  const side = (relation: string, t: number): string =>
    `SELECT ${t === 1 ? ours : content('t')} AS "sluice digest", ${t} AS "sluice t", ${1 - t} AS "sluice s"${listed(keys, 't')} FROM ${relation} t`;
  const whole = target.mode === 'full_refresh_append';
  const counted = [
    `DROP TABLE IF EXISTS ${rows}`,
    `CREATE TEMP TABLE sluice_rows AS
     SELECT "sluice digest", sum("sluice t") AS "sluice t", sum("sluice s") AS "sluice s"${listed(keys)}
     FROM (${side(relationOf(compared), 1)} UNION ALL ${side(copy, 0)}) x
     GROUP BY "sluice digest"${listed(keys)} HAVING sum("sluice t") ${whole ? '<' : '<>'} sum("sluice s")`,
  ];
  const times = (n: string): string => `CASE WHEN ${n} > 1 THEN ${n} || ' rows' END`;
  const tooMany = `"sluice t" - "sluice s"`;
  if (keys.length === 0)
    return [
      ...counted,
      `INSERT INTO ${found}
       SELECT CASE WHEN "sluice t" < "sluice s" THEN 'missing' WHEN "sluice s" > 0 THEN 'duplicate' ELSE 'extra' END, NULL,
         ${literal(`md5(${dialect.rowText(names)}) = '`)} || left("sluice digest", 32) || '''' || coalesce(', ' || ${times(`abs(${tooMany})`)}, ''), NULL, false
       FROM ${rows}`,
    ];
  const anyNull = keys.map((key) => `${key} IS NULL`).join(' OR ');
  const inSource = `EXISTS (SELECT 1 FROM ${copy} s WHERE ${keys.map((key) => `s.${key} = g.${key}`).join(' AND ')})`;
  const inTable = `EXISTS (SELECT 1 FROM ${relationOf(compared)} t WHERE ${keys.map((key) => `t.${key} = g.${key}`).join(' AND ')})`;
  const kind = whole
    ? `CASE WHEN ${inTable} THEN 'differing' ELSE 'missing' END`
    : `CASE WHEN ${keys.map((key) => `g.${key} IS NULL`).join(' OR ')} THEN CASE WHEN lacks > 0 THEN 'missing' ELSE 'null_key' END
    WHEN lacks > 0 AND others > 0 THEN 'differing' WHEN lacks > 0 THEN 'missing' WHEN doubled > 0 THEN 'duplicate'
    ${target.mode === 'incremental_append' ? `WHEN ${inSource} THEN CASE WHEN spoilt THEN 'digest' END` : ''} ELSE 'extra' END`;
  const joined = (left: string, right: string): string => keys.map((key) => `${left}.${key} = ${right}.${key}`).join(' AND ');
  const rest = names.filter((name) => !keys.includes(name));
  return [
    ...dialect.prepareJoin(copy, keys),
    ...counted,
    `INSERT INTO ${found}
     SELECT kind, NULL, CASE WHEN kind = 'duplicate' THEN doubled || ' rows too many' END, NULL, false${listed(keys)}
     FROM (SELECT *, ${kind} AS kind FROM (
       SELECT sum(greatest("sluice s" - "sluice t", 0)) AS lacks,
         sum("sluice t") FILTER (WHERE "sluice s" = 0) AS others,
         sum(${tooMany}) FILTER (WHERE "sluice s" > 0 AND "sluice t" > "sluice s") AS doubled,
         bool_or(right("sluice digest", 1) = '?') AS spoilt${listed(keys)}
       FROM ${rows} GROUP BY ${keys.join(', ')}, CASE WHEN ${anyNull} THEN "sluice digest" END) g) k
     WHERE kind IS NOT NULL`,
    // Of several rows with one key nobody knows which it should be.
    ...(whole
      ? []
      : [
          `UPDATE ${found} AS f SET "sluice columns" = ${differing(dialect, rest)} FROM ${relationOf(compared)} t, ${copy} s
     WHERE f."sluice kind" = 'differing' AND ${joined('t', 'f')} AND ${joined('s', 'f')}`,
        ]),
  ];
}

const listed = (keys: readonly string[], alias?: string): string =>
  keys.map((key) => `, ${alias === undefined ? '' : `${alias}.`}${key}`).join('');

/** Names of the columns in which t and s differ. `columns`: quoted. */
const differing = ({ texts }: CompareDialect, columns: readonly string[]): string =>
  texts(
    columns.map(
      (name) => `CASE WHEN t.${name} IS DISTINCT FROM s.${name} THEN ${literal(name.slice(1, -1).replaceAll('""', '"'))} END`,
    ),
  );

/** How the cursor's values compare, as in a merge; null: there is no cursor. */
function cursorOf({ comparable }: CompareDialect, { target, columns }: Compared): ((alias: string) => string) | null {
  const name = namesOf(columns, target).cursorField;
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) return null;
  return (alias) => comparable(`${alias}.${ident(column.name)}`, column, target.cursorOrder);
}
