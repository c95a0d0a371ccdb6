import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { qualified } from './quote.js';
import type { Session } from './session.js';

/** A load below it changes little for any plan, and the server's autovacuum comes by itself. */
const LARGE_ROWS = 50_000;
/** Of the table: as autovacuum_analyze_scale_factor by default. */
const LARGE_FRACTION = 0.1;
/** Somebody else who analyses, vacuums or alters the table is not waited for. */
const LOCK_MS = 1_000;
/** A sample of 30,000 rows takes less than a second on most tables. */
const STATEMENT_MS = 60_000;

/**
 * Refreshes what the planner knows of the table where the run changed many of its rows, in a transaction of its own, so that who reads the table right after
 * the load does not plan with what was there before it. Uses the primary key of sluice.chunk. Without the right to do so the server does nothing.
 * Returns whether it was worth it.
 */
export async function refreshStatistics(
  session: Session,
  { ref, target }: { ref: StreamRef; target: Pick<StreamTarget, 'namespace' | 'table'> },
): Promise<boolean> {
  const what = `refreshing the statistics of ${target.namespace}.${target.table}`;
  const table = qualified(target.namespace, target.table);
  const [load] = await session.query<{ changed: number; known: number }>(
    what,
    `SELECT coalesce(sum(c.inserted + c.updated + c.deleted + c.removed), 0)::float8 AS changed,
            coalesce((SELECT greatest(reltuples, 0) FROM pg_catalog.pg_class WHERE oid = to_regclass($6)), 0)::float8 AS known
     FROM sluice.stream s JOIN sluice.chunk c ON c.stream_id = s.id AND c.run_id = $5
     WHERE s.installation = $1 AND s.sync_id = $2 AND s.stream = $3 AND s.lane = $4`,
    [ref.installation, ref.syncId, ref.stream, ref.lane, ref.runId, table],
  );
  if (!load || !isLarge(load)) return false;
  await session.transaction(
    what,
    async () => {
      await session.query(what, `SET LOCAL lock_timeout = ${LOCK_MS}`);
      await session.query(what, `ANALYZE ${table}`);
    },
    { statementMs: STATEMENT_MS },
  );
  return true;
}

/** `changed`: rows of the run; `known`: of the table, as its last statistics say. */
const isLarge = ({ changed, known }: { changed: number; known: number }): boolean =>
  changed >= LARGE_ROWS && changed >= known * LARGE_FRACTION;
