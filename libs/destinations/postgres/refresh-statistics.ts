import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { namesOf } from '../../typing/index.js';
import { readLayout } from './layout.js';
import { ident, qualified } from './quote.js';
import type { Session } from './session.js';

/** A load below it changes little for any plan, and the server's autovacuum comes by itself. */
const LARGE_ROWS = 50_000;
/** Of the table: as autovacuum_analyze_scale_factor by default. */
const LARGE_FRACTION = 0.1;
/** Somebody else who analyses, vacuums or alters the table is not waited for. */
const LOCK_MS = 1_000;
/**
 * A sample of 9,000 rows, enough for the size of the table and for 30 ranges of a key; where a column has a target of its own that holds. The server's default of
 * 30,000 reads almost every page of a table of 250 MB: 0.4 instead of 0.15 s of a run of 5 s.
 */
const STATISTICS_TARGET = 30;
const STATEMENT_MS = 60_000;

/**
 * Refreshes what the planner knows of the table's size, key and cursor where the run changed many of its rows, in a transaction of its own, so that who reads
 * the table right after the load does not plan with what was there before it. The other columns are left to the server's autovacuum, which comes
 * soon: an ANALYZE that names columns does not put it off. All of 100 columns took fifty times as long as these. Uses the primary key of sluice.chunk. Without the right to do so the server does nothing. Returns whether it was worth it.
 */
export async function refreshStatistics(
  session: Session,
  { ref, target }: { ref: StreamRef; target: Pick<StreamTarget, 'namespace' | 'table' | 'primaryKey' | 'cursorField'> },
): Promise<boolean> {
  const what = `refreshing the statistics of ${target.namespace}.${target.table}`;
  const table = qualified(target.namespace, target.table);
  const [load] = await session.query<{ id: string; schemaVersion: number; changed: number; known: number }>(
    what,
    `SELECT s.id, s.schema_version AS "schemaVersion", coalesce(sum(c.inserted + c.updated + c.deleted + c.removed), 0)::float8 AS changed,
            coalesce((SELECT greatest(reltuples, 0) FROM pg_catalog.pg_class WHERE oid = to_regclass($6)), 0)::float8 AS known
     FROM sluice.stream s JOIN sluice.chunk c ON c.stream_id = s.id AND c.run_id = $5
     WHERE s.installation = $1 AND s.sync_id = $2 AND s.stream = $3 AND s.lane = $4
     GROUP BY s.id, s.schema_version`,
    [ref.installation, ref.syncId, ref.stream, ref.lane, ref.runId, table],
  );
  if (!load || !isLarge(load)) return false;
  const { columns } = await readLayout(session, load);
  const { primaryKey, cursorField } = namesOf(columns, target);
  const known = [...primaryKey, ...(cursorField === null ? [] : [cursorField])];
  // Any column tells the table's size.
  const analysed = new Set(known.length > 0 ? known : columns.slice(0, 1).map(({ name }) => name));
  await session.transaction(
    what,
    async () => {
      await session.query(
        what,
        `SET LOCAL lock_timeout = ${LOCK_MS}; SET LOCAL default_statistics_target = ${STATISTICS_TARGET}`,
      );
      await session.query(what, `ANALYZE ${table} (${[...analysed].map(ident).join(', ')})`);
    },
    { statementMs: STATEMENT_MS },
  );
  return true;
}

/** `changed`: rows of the run; `known`: of the table, as its last statistics say. */
const isLarge = ({ changed, known }: { changed: number; known: number }): boolean =>
  changed >= LARGE_ROWS && changed >= known * LARGE_FRACTION;
