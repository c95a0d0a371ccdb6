import type { Session } from './session.js';

/**
 * Why a table cannot be replaced by another one of its name, in words; empty: it can. Everything that hangs on a table's identity, or that a
 * copy would have to rebuild in ways that are not worth their risk, is an obstacle: the generation is then applied in place, which keeps it all.
 */
export async function swapObstacles(session: Session, oid: number): Promise<string[]> {
  const rows = await session.query<{ obstacle: string }>('looking for what depends on the table', OBSTACLES, [oid]);
  return rows.map(({ obstacle }) => obstacle);
}

/** Own indexes, primary and unique keys, TOAST and row type are the table's own, and are made anew with it. */
const OBSTACLES = `
WITH t AS (SELECT * FROM pg_catalog.pg_class WHERE oid = $1),
own AS (
  SELECT 'pg_class'::regclass AS classid, indexrelid AS objid FROM pg_catalog.pg_index WHERE indrelid = $1
  UNION ALL SELECT 'pg_class'::regclass, reltoastrelid FROM t
  UNION ALL SELECT 'pg_type'::regclass, reltype FROM t
  UNION ALL SELECT 'pg_type'::regclass, y.typarray FROM t JOIN pg_catalog.pg_type y ON y.oid = t.reltype
  UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_catalog.pg_constraint WHERE conrelid = $1 AND contype IN ('p', 'u', 'n'))
SELECT 'another role owns it' AS obstacle FROM t WHERE relowner <> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
UNION ALL SELECT 'it is not an ordinary table' FROM t WHERE relkind <> 'r' OR relpersistence <> 'p' OR reloftype <> 0
UNION ALL SELECT 'it has storage settings' FROM t
  WHERE reloptions IS NOT NULL OR reltablespace <> 0 OR relam <> (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'heap')
UNION ALL SELECT 'it has a replica identity' FROM t WHERE relreplident <> 'd'
UNION ALL SELECT 'row security' FROM t WHERE relrowsecurity OR relforcerowsecurity
UNION ALL SELECT 'a rule' FROM t WHERE relhasrules
UNION ALL SELECT 'inheritance or partitions' FROM pg_catalog.pg_inherits WHERE $1 IN (inhrelid, inhparent)
UNION ALL SELECT 'a trigger or foreign key' FROM pg_catalog.pg_trigger WHERE tgrelid = $1
UNION ALL SELECT 'constraint ' || conname FROM pg_catalog.pg_constraint WHERE conrelid = $1 AND (contype NOT IN ('p', 'u', 'n')
  OR (contype <> 'n' AND obj_description(oid, 'pg_constraint') IS NOT NULL))
UNION ALL SELECT 'settings of column ' || a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' OR a.attacl IS NOT NULL OR a.attoptions IS NOT NULL
      OR coalesce(a.attstattarget, -1) <> -1 OR a.attstorage <> y.typstorage)
UNION ALL SELECT 'index ' || i.indexrelid::regclass::text FROM pg_catalog.pg_index i
  WHERE i.indrelid = $1 AND (NOT i.indisvalid OR i.indisclustered OR i.indisreplident OR i.indisexclusion)
UNION ALL SELECT 'extended statistics' FROM pg_catalog.pg_statistic_ext WHERE stxrelid = $1
UNION ALL SELECT 'a security label' FROM pg_catalog.pg_seclabel WHERE classoid = 'pg_class'::regclass AND objoid = $1
UNION ALL SELECT 'publication ' || p.pubname FROM pg_catalog.pg_publication_tables p JOIN t ON p.tablename = t.relname
  AND p.schemaname = (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = t.relnamespace)
UNION ALL SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_catalog.pg_depend d
  WHERE ((d.refclassid = 'pg_class'::regclass AND d.refobjid = $1)
      OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT objid FROM own WHERE classid = 'pg_type'::regclass)))
    AND NOT EXISTS (SELECT FROM own WHERE own.classid = d.classid AND own.objid = d.objid)
    AND NOT (d.classid = 'pg_class'::regclass AND d.objid = $1)
UNION ALL SELECT 'an extension has it' FROM pg_catalog.pg_depend
  WHERE classid = 'pg_class'::regclass AND objid = $1 AND refclassid = 'pg_extension'::regclass`;
