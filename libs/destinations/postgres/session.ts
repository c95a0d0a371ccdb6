import { Socket } from 'node:net';
import pg from 'pg';
import { SluiceError } from '../../errors/index.js';
import type { PostgresConfig } from './config.schema.js';
import { fromPgError } from './pg-error.js';
import { literal } from './quote.js';
import { settleWithin } from './settle-within.js';

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

const CONNECT_TIMEOUT_MS = 10_000;
/** What a statement gets beyond its timeout at the server. */
const GIVE_UP_AFTER_MS = 10_000;
/** For what only tidies up. */
export const CLEANUP_MS = 2_000;
const KEEPALIVE_IDLE_MS = 15_000;

/** The part of libs/egress's guard that a TCP client needs. Errors: EGRESS_REFUSED. */
export interface EgressCheck {
  /** The address to connect to, checked. */
  assertHostAllowed(target: { host: string; port: number }): Promise<{ address: string }>;
}

export interface SessionOptions {
  config: PostgresConfig;
  timeouts: SessionTimeouts;
  /** Absent: every address is allowed. */
  egress: EgressCheck | undefined;
  applicationName: string;
}

/** Which server process a session is. A pid alone may come again. */
export interface Backend {
  pid: number;
  /** As text, with microseconds. */
  started: string;
}

/** One real connection with our settings. Its errors are SluiceErrors. */
export class Session {
  /** Set by any failure: the session is then never used again. */
  broken = false;
  /** Which temporary stage it has; see stage.ts. */
  stage: string | undefined;

  private constructor(
    readonly client: pg.Client,
    readonly backend: Backend,
    /** How long the server gets for a statement before it is given up. */
    private deadlineMs: number,
    /** The process id that the connection was opened with differs from the server's own: something stands between. */
    readonly throughPooler: boolean,
  ) {
    client.on('error', () => {
      this.broken = true;
    });
  }

  static async connect({ config, timeouts, egress, applicationName }: SessionOptions): Promise<Session> {
    // The name is resolved once and that address is used: between a check and a second resolution it could change.
    const address = egress ? await checkedAddress(egress, config) : config.host;
    const client = new pg.Client({
      host: config.host,
      port: config.port,
      database: config.database,
      user: config.user,
      password: config.password,
      ssl: tlsOf(config),
      stream: () => new FixedSocket(address),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_IDLE_MS,
    });
    client.on('error', () => undefined); // reported by the query that meets it
    try {
      await client.connect();
      await client.query(settings(timeouts, applicationName));
      const { rows } = await client.query<Backend>(
        'SELECT pid, backend_start::text AS started FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()',
      );
      const backend = rows[0] as Backend;
      const announced = (client as unknown as { processID: number | null }).processID;
      return new Session(client, backend, timeouts.statementMs + GIVE_UP_AFTER_MS, announced !== backend.pid);
    } catch (error) {
      client.end().catch(() => undefined);
      throw fromPgError(error, { what: `connecting to ${config.host}:${config.port}` });
    }
  }

  /**
   * Runs a statement. `what` says for whom, in an error. The server ends what takes too long; when it does not even do that (it is frozen, or
   * the network swallows packets), the connection is cut: DESTINATION_UNREACHABLE. `prepared`: the name under which the session keeps the
   * statement planned, always the same one.
   */
  async query<R extends pg.QueryResultRow>(
    what: string,
    sql: string,
    values?: readonly unknown[],
    {
      columns,
      deadlineMs = this.deadlineMs,
      prepared,
    }: { columns?: readonly string[]; deadlineMs?: number; prepared?: string } = {},
  ): Promise<R[]> {
    try {
      const statement = { text: sql, ...(values && { values: [...values] }), ...(prepared !== undefined && { name: prepared }) };
      const result = await this.bounded(() => this.client.query<R>(statement), deadlineMs);
      return result.rows;
    } catch (error) {
      throw this.failed(what, error, columns);
    }
  }

  /** Waits for the server no longer than `deadlineMs`; then the connection is cut, and `work` fails with it. */
  async bounded<T>(work: () => Promise<T>, deadlineMs = this.deadlineMs): Promise<T> {
    const timer = setTimeout(() => this.cut(), deadlineMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  /** BEGIN … COMMIT around `work`; ROLLBACK when it throws. `statementMs`: another limit for its statements. */
  async transaction<T>(what: string, work: () => Promise<T>, { statementMs }: { statementMs?: number } = {}): Promise<T> {
    const usual = this.deadlineMs;
    await this.query(what, 'BEGIN');
    try {
      if (statementMs !== undefined) {
        await this.query(what, `SET LOCAL statement_timeout = ${statementMs}`);
        this.deadlineMs = statementMs + GIVE_UP_AFTER_MS;
      }
      const result = await work();
      await this.query(what, 'COMMIT');
      return result;
    } catch (error) {
      await this.rollback();
      throw fromPgError(error, { what });
    } finally {
      this.deadlineMs = usual;
    }
  }

  /** Rolls back; a session that cannot is broken. Never throws. */
  async rollback(): Promise<void> {
    await this.query('rolling back', 'ROLLBACK', undefined, { deadlineMs: CLEANUP_MS }).catch(() => {
      this.broken = true;
    });
  }

  failed(what: string, error: unknown, columns?: readonly string[]) {
    const translated = fromPgError(error, columns === undefined ? { what } : { what, columns });
    if (translated.code === 'DESTINATION_UNREACHABLE' || translated.code === 'INTERNAL') this.broken = true;
    return translated;
  }

  /** Whether the process lives on for this session's sake: not for an idle one's. */
  keepProcess(yes: boolean): void {
    const { stream } = (this.client as unknown as { connection: { stream: Socket } }).connection;
    if (yes) stream.ref();
    else stream.unref();
  }

  /** Cuts the connection: what is under way fails, and the server rolls it back when it notices. */
  cut(): void {
    this.broken = true;
    (this.client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  }

  /** Ends the connection, politely unless it is broken. Never throws, never takes longer than a moment. */
  async end(): Promise<void> {
    if (this.broken) this.cut();
    this.broken = true;
    if (!(await settleWithin(this.client.end(), CLEANUP_MS))) this.cut();
  }
}

async function checkedAddress(egress: EgressCheck, { host, port }: PostgresConfig): Promise<string> {
  try {
    return (await egress.assertHostAllowed({ host, port })).address;
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'SOURCE_UNREACHABLE') throw error;
    throw new SluiceError('DESTINATION_UNREACHABLE', {
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      cause: error,
    });
  }
}

/** Connects to the address that was checked, while TLS verifies the name. */
class FixedSocket extends Socket {
  constructor(private readonly checked: string) {
    super();
  }
  /** The driver's only call is connect(port, host). */
  override connect(...[port]: unknown[]): this {
    return super.connect({ port: port as number, host: this.checked });
  }
}

function tlsOf(config: PostgresConfig): pg.ClientConfig['ssl'] {
  switch (config.ssl) {
    case 'disable':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-full':
      return { rejectUnauthorized: true, ...(config.ssl_ca === undefined ? {} : { ca: config.ssl_ca }) };
    default: {
      const never: never = config.ssl;
      throw new Error(`unknown ssl mode ${String(never)}`);
    }
  }
}

/** What every commit relies on, whatever the role's own defaults are. One message; SET, since poolers refuse startup options. */
function settings(timeouts: SessionTimeouts, applicationName: string): string {
  const values: Readonly<Record<string, string | number>> = {
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
  };
  return Object.entries(values)
    .map(([name, value]) => `SET ${name} = ${literal(value)}`)
    .join('; ');
}
