import type { PgSession } from '../../postgres/index.js';
import type { Observation } from './cursor-window.policy.js';
import { APPLICATION_NAME } from './source-session.js';

/** Server processes that write no rows of users' tables, or do it for another process that is counted. */
const NOT_WRITING = ['autovacuum worker', 'parallel worker', 'walsender'];

/** What the policy of cursor windows needs to know, the clock first. Each statement is a transaction of its own: what is shown of sessions is fixed for a transaction. */
export async function observe(session: PgSession): Promise<Observation> {
  const what = 'looking for running transactions';
  const [clock] = await session.query<{ us: string }>(
    what,
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us`,
  );
  const [seen] = await session.query<{ oldest: string | null; hidden: string; prepared: string; xmin: string; xmax: string }>(
    what,
    `SELECT (extract(epoch FROM min(a.xact_start)) * 1000000)::bigint AS oldest,
       count(*) FILTER (WHERE a.query = '<insufficient privilege>') AS hidden,
       (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
       pg_snapshot_xmin(pg_current_snapshot())::text AS xmin, pg_snapshot_xmax(pg_current_snapshot())::text AS xmax
     FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name IS DISTINCT FROM $1
       AND a.backend_type <> ALL ($2)`,
    [APPLICATION_NAME, NOT_WRITING],
  );
  const { oldest, hidden, prepared, xmin, xmax } = seen as NonNullable<typeof seen>;
  return {
    clock: BigInt(clock?.us ?? 0),
    oldest: oldest === null ? null : BigInt(oldest),
    hidden: Number(hidden),
    prepared: Number(prepared),
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
  };
}
