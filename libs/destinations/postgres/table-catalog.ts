import type { ColumnType, ExistingColumn } from '../../typing/index.js';
import type { Session } from './session.js';

/** A table as the catalog has it. */
export interface TableInfo {
  oid: number;
  /** pg_class.relkind: r table, p partitioned, v view, … */
  kind: string;
  columns: readonly ExistingColumn[];
}

/** Types that take every value of ours or refuse it loudly, as format_type() writes them. A double or a numeric(10,2) would round: it is none of them. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  boolean: 'boolean',
  text: 'text',
  'character varying': 'text',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  date: 'date',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
  jsonb: 'jsonb',
  bytea: 'bytea',
  uuid: 'uuid',
};

/** null: there is none of that name. */
export async function readTable(session: Session, schema: string, table: string): Promise<TableInfo | null> {
  const what = `reading the table ${schema}.${table}`;
  const [row] = await session.query<{ oid: number; kind: string }>(
    what,
    `SELECT c.oid, c.relkind AS kind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, table],
  );
  if (!row) return null;
  const columns = await session.query<Omit<ExistingColumn, 'type'> & Record<string, unknown>>(
    what,
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS words, attnotnull AS "notNull",
            atthasdef OR attidentity <> '' AS filled, attgenerated <> '' OR attidentity = 'a' AS computed
     FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [row.oid],
  );
  return { ...row, columns: columns.map((column) => ({ ...column, type: TYPES[column.words] ?? null })) };
}

/** Whether a unique index over exactly these columns can arbitrate ON CONFLICT: whole, immediate, valid, without expressions. */
export async function hasUniqueIndex(session: Session, oid: number, columns: readonly string[]): Promise<boolean> {
  const [row] = await session.query<{ yes: boolean }>(
    'reading the table’s indexes',
    `SELECT EXISTS (
       SELECT FROM pg_catalog.pg_index i
       WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
         AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)
              FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              WHERE k.n <= i.indnkeyatts) = (SELECT array_agg(name ORDER BY name) FROM unnest($2::text[]) AS name)) AS yes`,
    [oid, [...new Set(columns)]],
  );
  return row?.yes ?? false;
}
