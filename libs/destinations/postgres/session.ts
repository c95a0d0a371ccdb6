import { SluiceError } from '../../errors/index.js';
import { connectLink, PgSession, type EgressCheck } from '../../postgres/index.js';
import type { PostgresConfig } from './config.schema.js';
import { fromPgError } from './pg-error.js';

export { CLEANUP_MS, type Backend, type EgressCheck } from '../../postgres/index.js';

export interface SessionTimeouts {
  /** One statement. Default 120 s. */
  statementMs: number;
  /** Waiting for a lock. Default 5 s. */
  lockMs: number;
  /**
   * A COPY lasts as long as the source takes to fill the chunk, and a transaction may wait for the commit before it. Only an abandoned server
   * process meets this limit; a successor ends it much earlier. Default 15 min.
   */
  openChunkMs: number;
  /** Publishing a whole slice or generation. Default 60 min. */
  publishMs: number;
}
export const DEFAULT_TIMEOUTS: SessionTimeouts = {
  statementMs: 120_000,
  lockMs: 5_000,
  openChunkMs: 900_000,
  publishMs: 3_600_000,
};

export interface SessionOptions {
  config: PostgresConfig;
  timeouts: SessionTimeouts;
  /** Absent: every address is allowed. */
  egress: EgressCheck | undefined;
  applicationName: string;
}

const FATAL: ReadonlySet<string> = new Set(['DESTINATION_UNREACHABLE', 'INTERNAL']);

/** One real connection to the destination. */
export class Session extends PgSession {
  /** Which temporary stage it has; see stage.ts. */
  stage: string | undefined;

  static async connect({ config, timeouts, egress, applicationName }: SessionOptions): Promise<Session> {
    try {
      const link = await connectLink({ config, egress, settings: settings(timeouts, applicationName) });
      return new Session({ link, statementMs: timeouts.statementMs, translate: fromPgError, fatal: FATAL });
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'SOURCE_UNREACHABLE') throw unresolved(error);
      throw fromPgError(error, { what: `connecting to ${config.host}:${config.port}` });
    }
  }
}

/** The guard speaks of sources. */
const unresolved = (error: SluiceError): SluiceError =>
  new SluiceError('DESTINATION_UNREACHABLE', { ...(error.detail === undefined ? {} : { detail: error.detail }), cause: error });

/** What every commit relies on, whatever the role's own defaults are. */
const settings = (timeouts: SessionTimeouts, applicationName: string): Readonly<Record<string, string | number>> => ({
  application_name: applicationName,
  synchronous_commit: 'on',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  timezone: 'UTC', // times without a zone in a timestamptz column
  datestyle: 'ISO, YMD',
  lock_timeout: timeouts.lockMs,
  statement_timeout: timeouts.statementMs,
  idle_in_transaction_session_timeout: timeouts.openChunkMs,
  tcp_keepalives_idle: 15,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
  work_mem: '32MB', // a chunk's stage is sorted in memory
  client_min_messages: 'warning',
});
