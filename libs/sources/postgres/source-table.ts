import type { PgSession } from '../../postgres/index.js';
import type { CatalogColumn } from './column-kind.js';

/** A table or view as the source's catalog has it. */
export interface SourceTable {
  stream: string;
  schema: string;
  name: string;
  /** pg_class.relkind: r table, p partitioned, v view, m materialized view, f foreign table. */
  kind: string;
  columns: readonly CatalogColumn[];
  /** Of the primary key, in its order; empty: there is none. */
  key: readonly string[];
  /** Of a unique index over columns that are never null, each in its order; the primary key among them. */
  uniques: readonly (readonly string[])[];
  /** First columns of its indexes. */
  indexed: readonly string[];
  readable: boolean;
  /** On disk, partitions included. */
  bytes: number;
}

/** What the server says of itself and of us. */
export interface SourceServer {
  version: number;
  replica: boolean;
  /** Of the database, as `UTF8`. */
  encoding: string;
}

/** Tables of `public` go by their names, others by schema and name. Pure. */
export const streamName = (schema: string, table: string): string =>
  schema === 'public' && !table.includes('.') ? table : `${schema}.${table}`;

export async function readServer(session: PgSession): Promise<SourceServer> {
  const [server] = await session.query<SourceServer & Record<string, unknown>>(
    'asking for the server’s version',
    `SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS replica, current_setting('server_encoding') AS encoding`,
  );
  return server as SourceServer;
}

/** All of the schemas, or the one of that stream's name. Partitions are read with their table; what belongs to extensions is left out. */
export async function readTables(
  session: PgSession,
  { schemas, stream }: { schemas: readonly string[]; stream?: string },
): Promise<SourceTable[]> {
  const rows = await session.query<Omit<SourceTable, 'stream' | 'bytes'> & { bytes: string }>('reading the catalog', TABLES, [
    schemas,
    stream ?? null,
  ]);
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes), stream: streamName(row.schema, row.name) }));
}

const TABLES = `
WITH RECURSIVE t AS (
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND ($2::text IS NULL OR $2 IN (c.relname, n.nspname || '.' || c.relname))
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
),
base(oid, at) AS (
  SELECT a.atttypid, a.atttypid FROM pg_attribute a JOIN t ON t.oid = a.attrelid WHERE a.attnum > 0
  UNION
  SELECT b.oid, y.typbasetype FROM base b JOIN pg_type y ON y.oid = b.at WHERE y.typtype = 'd'
),
uniques AS (
  SELECT i.indrelid, i.indisprimary, i.indexrelid,
    (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts) AS columns
  FROM pg_index i JOIN t ON t.oid = i.indrelid
  WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts AND NOT a.attnotnull)
)
SELECT t.schema, t.name, t.kind, t.readable,
  coalesce((SELECT sum(pg_relation_size(p.relid)) FROM pg_partition_tree(t.oid) p WHERE t.kind = 'p'), CASE WHEN t.kind IN ('r', 'm') THEN pg_relation_size(t.oid) END, 0)::text AS bytes,
  coalesce((SELECT json_agg(json_build_object('name', a.attname, 'base', y.typname, 'category', y.typcategory, 'notNull', a.attnotnull) ORDER BY a.attnum)
    FROM pg_attribute a JOIN base b ON b.oid = a.atttypid JOIN pg_type y ON y.oid = b.at AND y.typtype <> 'd'
    WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
  coalesce((SELECT json_agg(DISTINCT a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL), '[]') AS indexed,
  coalesce((SELECT columns FROM uniques u WHERE u.indrelid = t.oid AND u.indisprimary), '[]') AS key,
  coalesce((SELECT json_agg(columns ORDER BY u.indexrelid) FROM uniques u WHERE u.indrelid = t.oid), '[]') AS uniques
FROM t ORDER BY t.schema, t.name`;
