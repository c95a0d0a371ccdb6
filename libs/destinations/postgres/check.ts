import { SluiceError } from '../../errors/index.js';
import type { Session } from './session.js';

const OLDEST_SERVER = 130_000;

/** Whether the destination can be loaded exactly once. Errors: DESTINATION_UNREACHABLE, …_AUTH_FAILED, …_UNSUPPORTED, …_PERMISSION_DENIED. */
export async function checkDestination(first: Session, second: Session): Promise<void> {
  const what = 'checking the destination';
  const [server] = await first.query<{
    version: number;
    replica: boolean;
    may_create: boolean;
    database: string;
    installed: boolean;
  }>(
    what,
    `SELECT current_setting('server_version_num')::integer AS version, pg_catalog.pg_is_in_recovery() AS replica, current_database() AS database,
            has_database_privilege(current_database(), 'CREATE') AS may_create, to_regnamespace('sluice') IS NOT NULL AS installed`,
  );
  if (!server) throw new SluiceError('DESTINATION_UNREACHABLE', { detail: 'no answer' });
  if (server.version < OLDEST_SERVER)
    throw new SluiceError('DESTINATION_UNSUPPORTED', {
      detail: `PostgreSQL 13 or newer is needed, the server is ${Math.floor(server.version / 10_000)}`,
    });
  if (server.replica) throw new SluiceError('DESTINATION_UNSUPPORTED', { detail: 'the server is a read-only replica' });
  if (!server.installed && !server.may_create)
    throw new SluiceError('DESTINATION_PERMISSION_DENIED', {
      detail: `Sluice keeps checkpoints in a schema of its own: GRANT CREATE ON DATABASE ${server.database} to the connection’s role`,
    });
  await refuseTransactionPooler(first, second);
}

/** Errors: DESTINATION_UNSUPPORTED. */
export async function refuseTransactionPooler(first: Session, second: Session): Promise<void> {
  if (await sharesServerProcesses(first, second))
    throw new SluiceError('DESTINATION_UNSUPPORTED', {
      detail:
        'the connection goes through a transaction pooler, which gives each transaction another session; connect to the server itself or to a session pool',
    });
}

/**
 * A transaction pooler lends a server process for one transaction at a time. Two connections are made to move in opposite order, so that what
 * each gets changes with any rule of lending; a real session keeps its process and its settings.
 */
async function sharesServerProcesses(first: Session, second: Session): Promise<boolean> {
  if (first.throughPooler && first.backend.pid === second.backend.pid) return true;
  const what = 'checking the session';
  const pid = async (session: Session) =>
    (
      await session.query<{ pid: number; mark: string }>(
        what,
        `SELECT pg_backend_pid() AS pid, current_setting('sluice.mark', true) AS mark`,
      )
    )[0];
  await first.query(what, `SELECT set_config('sluice.mark', 'first', false)`);
  await second.query(what, `SELECT set_config('sluice.mark', 'second', false)`);
  await first.query(what, 'BEGIN');
  const crossed = await pid(second);
  await first.query(what, 'COMMIT');
  const seen = [crossed, await pid(second), await pid(first)];
  const kept = [second, second, first];
  return seen.some(
    (now, index) => now?.pid !== kept[index]?.backend.pid || now?.mark !== (kept[index] === first ? 'first' : 'second'),
  );
}
