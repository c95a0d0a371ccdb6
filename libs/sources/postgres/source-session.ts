import { connectLink, PgSession, type EgressCheck } from '../../postgres/index.js';
import type { PostgresSourceConfig } from './config.schema.js';
import { fromSourceError } from './pg-error.js';

/** Of catalog and plans; a read of rows has a limit of its own. */
const STATEMENT_MS = 60_000;
const LOCK_MS = 10_000;
/** A transaction that waits for its reader: the loader may be publishing something large. */
const IDLE_IN_TRANSACTION_MS = 3_600_000;
/** Our own sessions write nothing: whoever looks for transactions that may still write leaves them out by this name. */
export const APPLICATION_NAME = 'sluice-source';

const FATAL: ReadonlySet<string> = new Set(['SOURCE_UNREACHABLE', 'INTERNAL']);

/** A session that can read only, whose values come in one form whatever the role's settings are. */
export async function connectSource(config: PostgresSourceConfig, egress: EgressCheck | undefined): Promise<PgSession> {
  try {
    const link = await connectLink({ config, egress, settings: SETTINGS });
    return new PgSession({ link, statementMs: STATEMENT_MS, translate: fromSourceError, fatal: FATAL });
  } catch (error) {
    throw fromSourceError(error, { what: `connecting to ${config.host}:${config.port}` });
  }
}

const SETTINGS: Readonly<Record<string, string | number>> = {
  application_name: APPLICATION_NAME,
  default_transaction_read_only: 'on',
  default_transaction_isolation: 'repeatable read',
  standard_conforming_strings: 'on',
  search_path: 'pg_catalog', // no function or operator of the database's users is called by a name of ours
  timezone: 'UTC',
  datestyle: 'ISO, YMD',
  intervalstyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: 1, // floats keep every digit
  lock_timeout: LOCK_MS,
  statement_timeout: STATEMENT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  tcp_keepalives_idle: 15,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
  client_min_messages: 'error',
};
