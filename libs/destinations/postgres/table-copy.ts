import { ident, literal, qualified } from './quote.js';
import type { Session } from './session.js';

/** What a table that takes another's place must have besides its rows. */
export interface TableTrim {
  /** To be run before the swap, on the new table, which may take long: indexes and keys, under names of their own. */
  build: string[];
  /** To be run after the old table is gone, on the new one under its final name: the old names, grants, comments. */
  adopt: string[];
}

interface IndexRow {
  name: string;
  definition: string;
  /** How the definition begins: it names index and table. */
  head: string;
  unique: boolean;
  /** Of a primary or unique key. */
  constraint: string | null;
  comment: string | null;
}

const WHAT = 'reading what the table has';

/** Reads the indexes, grants and comments of a table. null: an index is written in a way that is not understood. */
export async function readTrim(
  session: Session,
  {
    oid,
    schema,
    table,
    generation,
  }: { oid: number; schema: string; table: string; generation: { schema: string; table: string } },
): Promise<TableTrim | null> {
  const trim: TableTrim = { build: [], adopt: [] };
  const final = qualified(schema, table);
  const next = qualified(generation.schema, generation.table);
  const indexes = await session.query<IndexRow & Record<string, unknown>>(
    WHAT,
    `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition, i.indisunique AS unique,
            format('CREATE %sINDEX %I ON %I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, $2::text, $3::text) AS head, pg_get_constraintdef(k.oid) AS constraint,
            obj_description(i.indexrelid, 'pg_class') AS comment
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
     LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u')
     WHERE i.indrelid = $1 ORDER BY i.indexrelid`,
    [oid, schema, table],
  );
  for (const [n, index] of indexes.entries()) {
    const name = `${generation.table}_${n}`;
    if (index.constraint !== null) {
      trim.build.push(`ALTER TABLE ${next} ADD CONSTRAINT ${ident(name)} ${index.constraint}`);
      trim.adopt.push(`ALTER TABLE ${final} RENAME CONSTRAINT ${ident(name)} TO ${ident(index.name)}`);
    } else {
      // What follows names no table: access method, columns, INCLUDE, WITH, WHERE.
      if (!index.definition.startsWith(index.head)) return null;
      trim.build.push(
        `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${ident(name)} ON ${next} ${index.definition.slice(index.head.length)}`,
      );
      trim.adopt.push(`ALTER INDEX ${qualified(schema, name)} RENAME TO ${ident(index.name)}`);
    }
    if (index.comment !== null) trim.adopt.push(`COMMENT ON INDEX ${qualified(schema, index.name)} IS ${literal(index.comment)}`);
  }
  trim.adopt.push(...(await readGrants(session, oid, final)), ...(await readComments(session, oid, final)));
  return trim;
}

/** What the new table got by default goes; what the old one had comes. */
async function readGrants(session: Session, oid: number, final: string): Promise<string[]> {
  const grants = await session.query<{ privilege: string; grantee: string | null; grantable: boolean }>(
    WHAT,
    `SELECT a.privilege_type AS privilege, r.rolname AS grantee, a.is_grantable AS grantable
     FROM pg_catalog.pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE c.oid = $1 AND a.grantee <> c.relowner`,
    [oid],
  );
  const to = (grantee: string | null): string => (grantee === null ? 'PUBLIC' : ident(grantee));
  const revokeAll = `DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT DISTINCT coalesce(quote_ident(g.rolname), 'PUBLIC') AS name FROM pg_catalog.pg_class c
      CROSS JOIN LATERAL aclexplode(c.relacl) AS a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
      WHERE c.oid = ${literal(final)}::regclass AND a.grantee <> c.relowner
    LOOP EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', ${literal(final)}, r.name); END LOOP; END $$`;
  return [
    revokeAll,
    ...grants.map((g) => `GRANT ${g.privilege} ON TABLE ${final} TO ${to(g.grantee)}${g.grantable ? ' WITH GRANT OPTION' : ''}`),
  ];
}

async function readComments(session: Session, oid: number, final: string): Promise<string[]> {
  const comments = await session.query<{ column: string | null; text: string }>(
    WHAT,
    `SELECT a.attname AS column, d.description AS text FROM pg_catalog.pg_description d
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
     WHERE d.classoid = 'pg_class'::regclass AND d.objoid = $1`,
    [oid],
  );
  return comments.map(({ column, text }) =>
    column === null
      ? `COMMENT ON TABLE ${final} IS ${literal(text)}`
      : `COMMENT ON COLUMN ${final}.${ident(column)} IS ${literal(text)}`,
  );
}
