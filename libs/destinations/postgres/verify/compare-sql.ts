import type { StreamTarget } from '../../../contracts/stream-ref.js';
import { isKeyed } from '../../../contracts/write-mode.js';
import { namesOf, type Column } from '../../../typing/index.js';
import { comparable } from '../cursor-order.js';
import { tombstone } from '../tombstone.js';
import { ident, literal, qualified } from '../quote.js';
import { orderColumn, STAGE } from '../stage.js';
import { present } from './present.js';
import { digestIsWrong } from './row-digests.js';

/** What was found: kind, the key's columns with their own types, columns that differ, detail, outcome, and whether the table's row is newer. */
export const FOUND = 'pg_temp.sluice_found';
const ROWS = 'pg_temp.sluice_rows';

export interface CompareTarget {
  target: StreamTarget;
  columns: readonly Column[];
}

/** Statements, one after the other, that fill FOUND from the stage and the table. Pure. */
export function compareStatements(compared: CompareTarget): string[] {
  const keys = keysOf(compared);
  const found = `DROP TABLE IF EXISTS ${FOUND}; CREATE TEMP TABLE sluice_found AS
    SELECT ''::text AS "sluice kind", NULL::text[] AS "sluice columns", NULL::text AS "sluice detail", NULL::text AS "sluice outcome",
      false AS "sluice newer"${keys.map((key) => `, ${ident(key)}`).join('')} FROM ${relationOf(compared)} WITH NO DATA`;
  return [found, ...(isKeyed(compared.target.mode) ? byKey(compared) : byContent(compared))];
}

export const keysOf = ({ target, columns }: CompareTarget): string[] => namesOf(columns, target).primaryKey;
export const relationOf = ({ target }: CompareTarget): string => qualified(target.namespace, target.table);

/** One row a key: both sides are joined by it. Of the source's records with one key the one wins that wins in a merge. */
function byKey(compared: CompareTarget): string[] {
  const { columns } = compared;
  const keys = keysOf(compared).map(ident);
  const order = ident(orderColumn(columns));
  const { value } = cursorOf(compared);
  const latest = [...(value === null ? [] : [`${value('s')} DESC NULLS LAST`]), `s.${order} DESC`].join(', ');
  const rest = columns.map(({ name }) => ident(name)).filter((name) => !keys.includes(name));
  const list = (alias: string): string => `(${rest.map((name) => `${alias}.${name}`).join(', ')})`;
  const differs = rest.length === 0 ? 'false' : `(${list('t')} IS DISTINCT FROM ${list('s')})`;
  const wrong = digestIsWrong(columns, compared.target) ?? 'false';
  const both = `s.${order} IS NOT NULL AND t."sluice there" IS NOT NULL`;
  const newer = value === null ? 'false' : `coalesce(${value('t')} > ${value('s')}, ${value('t')} IS NOT NULL)`;
  const kind = `CASE WHEN s.${order} IS NULL THEN 'extra'
      WHEN t."sluice there" IS NULL THEN 'missing' ELSE 'differing' END`;
  return [
    `DELETE FROM ${STAGE} s USING (
       SELECT ctid AS at, row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY ${latest}) AS n FROM ${STAGE} s) d
     WHERE s.ctid = d.at AND d.n > 1`,
    // Of a record that says it is deleted there is no row, or a marked one.
    `DELETE FROM ${STAGE} s WHERE ${tombstone('s', compared.target.deletes?.when, columns)}`,
    `ANALYZE ${STAGE}`,
    `INSERT INTO ${FOUND}
     SELECT ${kind}, CASE WHEN ${both} THEN ${differing(rest)} END,
       CASE WHEN ${both} AND NOT ${differs} THEN 'its digest is not that of its values' END, NULL, ${both} AND ${newer}, ${keys.map((key) => `coalesce(s.${key}, t.${key})`).join(', ')}
     FROM (SELECT *, true AS "sluice there" FROM ${relationOf(compared)} t WHERE ${present(compared.target)}) t
     FULL JOIN ${STAGE} s ON ${keys.map((key) => `t.${key} = s.${key}`).join(' AND ')}
     WHERE (s.${order} IS NULL AND ${keys.map((key) => `t.${key} IS NOT NULL`).join(' AND ')}) OR t."sluice there" IS NULL OR ${differs} OR ${wrong}`,
  ];
}

/**
 * Rows are counted by their content on both sides; only contents that are there a different number of times go on. A key, where there is one,
 * tells then whether a row is missing, too many, or another one. In an append a row that the source does not have any more is what a record was
 * before, as long as its key is there. Where runs append all of the source's records again a row may be of any of them: each record must be there
 * as often as the source has it, at least. A row of a wrong digest counts as another content.
 */
function byContent(compared: CompareTarget): string[] {
  const { columns, target } = compared;
  const names = columns.map(({ name }) => ident(name));
  const keys = keysOf(compared).map(ident);
  const content = (alias: string): string => `md5(ROW(${names.map((name) => `${alias}.${name}`).join(', ')})::text)`;
  const wrong = digestIsWrong(columns, target);
  const ours = wrong === null ? content('t') : `${content('t')} || CASE WHEN ${wrong} THEN '?' ELSE '' END`;
  const side = (relation: string, t: number): string =>
    `SELECT ${t === 1 ? ours : content('t')} AS "sluice digest", ${t} AS "sluice t", ${1 - t} AS "sluice s"${listed(keys, 't')} FROM ${relation} t`;
  const whole = target.mode === 'full_refresh_append';
  const rows = [
    `DROP TABLE IF EXISTS ${ROWS}`,
    `CREATE TEMP TABLE sluice_rows AS
     SELECT "sluice digest", sum("sluice t") AS "sluice t", sum("sluice s") AS "sluice s"${listed(keys)}
     FROM (${side(relationOf(compared), 1)} UNION ALL ${side(STAGE, 0)}) x
     GROUP BY "sluice digest"${listed(keys)} HAVING sum("sluice t") ${whole ? '<' : '<>'} sum("sluice s")`,
  ];
  const times = (n: string): string => `CASE WHEN ${n} > 1 THEN ${n} || ' rows' END`;
  const tooMany = `"sluice t" - "sluice s"`;
  if (keys.length === 0)
    return [
      ...rows,
      `INSERT INTO ${FOUND}
       SELECT CASE WHEN "sluice t" < "sluice s" THEN 'missing' WHEN "sluice s" > 0 THEN 'duplicate' ELSE 'extra' END, NULL,
         'md5(ROW(' || ${literal(names.join(', '))} || ')::text) = ''' || left("sluice digest", 32) || '''' || coalesce(', ' || ${times(`abs(${tooMany})`)}, ''), NULL, false
       FROM ${ROWS}`,
    ];
  const anyNull = keys.map((key) => `${key} IS NULL`).join(' OR ');
  const inSource = `EXISTS (SELECT FROM ${STAGE} s WHERE ${keys.map((key) => `s.${key} = g.${key}`).join(' AND ')})`;
  const inTable = `EXISTS (SELECT FROM ${relationOf(compared)} t WHERE ${keys.map((key) => `t.${key} = g.${key}`).join(' AND ')})`;
  const kind = whole
    ? `CASE WHEN ${inTable} THEN 'differing' ELSE 'missing' END`
    : `CASE WHEN ${keys.map((key) => `g.${key} IS NULL`).join(' OR ')} THEN CASE WHEN lacks > 0 THEN 'missing' ELSE 'null_key' END
    WHEN lacks > 0 AND others > 0 THEN 'differing' WHEN lacks > 0 THEN 'missing' WHEN doubled > 0 THEN 'duplicate'
    ${target.mode === 'incremental_append' ? `WHEN ${inSource} THEN CASE WHEN spoilt THEN 'digest' END` : ''} ELSE 'extra' END`;
  const joined = (left: string, right: string): string => keys.map((key) => `${left}.${key} = ${right}.${key}`).join(' AND ');
  const rest = names.filter((name) => !keys.includes(name));
  return [
    `CREATE INDEX ON ${STAGE} (${keys.join(', ')})`,
    `ANALYZE ${STAGE}`,
    ...rows,
    `INSERT INTO ${FOUND}
     SELECT kind, NULL, CASE WHEN kind = 'duplicate' THEN doubled || ' rows too many' END, NULL, false${listed(keys)}
     FROM (SELECT *, ${kind} AS kind FROM (
       SELECT sum(greatest("sluice s" - "sluice t", 0)) AS lacks,
         sum("sluice t") FILTER (WHERE "sluice s" = 0) AS others,
         sum(${tooMany}) FILTER (WHERE "sluice s" > 0 AND "sluice t" > "sluice s") AS doubled,
         bool_or(right("sluice digest", 1) = '?') AS spoilt${listed(keys)}
       FROM ${ROWS} GROUP BY ${keys.join(', ')}, CASE WHEN ${anyNull} THEN "sluice digest" END) g) k
     WHERE kind IS NOT NULL`,
    // Of several rows with one key nobody knows which it should be.
    ...(whole
      ? []
      : [
          `UPDATE ${FOUND} f SET "sluice columns" = ${differing(rest)} FROM ${relationOf(compared)} t, ${STAGE} s
     WHERE f."sluice kind" = 'differing' AND ${joined('t', 'f')} AND ${joined('s', 'f')}`,
        ]),
  ];
}

const listed = (keys: readonly string[], alias?: string): string =>
  keys.map((key) => `, ${alias === undefined ? '' : `${alias}.`}${key}`).join('');

/** Names of the columns in which t and s differ. `columns`: quoted. */
const differing = (columns: readonly string[]): string =>
  columns.length === 0
    ? `'{}'::text[]`
    : `array_remove(ARRAY[${columns
        .map(
          (name) => `CASE WHEN t.${name} IS DISTINCT FROM s.${name} THEN ${literal(name.slice(1, -1).replaceAll('""', '"'))} END`,
        )
        .join(', ')}], NULL)`;

/** How the cursor's values compare, as in a merge; null: there is no cursor. */
function cursorOf({ target, columns }: CompareTarget): { value: ((alias: string) => string) | null } {
  const name = namesOf(columns, target).cursorField;
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) return { value: null };
  return { value: (alias) => comparable(`${alias}.${ident(column.name)}`, column, target.cursorOrder) };
}
