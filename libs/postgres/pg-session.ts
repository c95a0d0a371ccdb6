import type { Socket } from 'node:net';
import type pg from 'pg';
import type { SluiceError } from '../errors/index.js';
import type { Backend, Link } from './link.js';
import type { PgErrorContext } from './pg-error.js';
import { settleWithin } from './settle-within.js';

/** What a statement gets beyond its timeout at the server. */
const GIVE_UP_AFTER_MS = 10_000;
/** For what only tidies up. */
export const CLEANUP_MS = 2_000;

export interface PgSessionOptions {
  link: Link;
  /** The server's limit for one statement. */
  statementMs: number;
  /** Any error of driver or server as a SluiceError. */
  translate: (thrown: unknown, context: PgErrorContext) => SluiceError;
  /** Errors of these codes leave a session that is not used again. */
  fatal: ReadonlySet<string>;
}

/** One real connection with our settings. Its errors are SluiceErrors. */
export class PgSession {
  /** Set by any failure: the session is then never used again. */
  broken = false;
  readonly client: pg.Client;
  readonly backend: Backend;
  /** See Link. */
  readonly throughPooler: boolean;
  /** How long the server gets for a statement before it is given up. */
  private deadlineMs: number;

  constructor(private readonly options: PgSessionOptions) {
    const { client, backend, throughPooler } = options.link;
    this.client = client;
    this.backend = backend;
    this.throughPooler = throughPooler;
    this.deadlineMs = options.statementMs + GIVE_UP_AFTER_MS;
    client.on('error', () => {
      this.broken = true;
    });
  }

  /**
   * Runs a statement. `what` says for whom, in an error. The server ends what takes too long; when it does not even do that (it is frozen, or
   * the network swallows packets), the connection is cut and the error says that the server cannot be reached. `prepared`: the name under which the session keeps the
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
      throw this.options.translate(error, { what });
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

  failed(what: string, error: unknown, columns?: readonly string[]): SluiceError {
    const translated = this.options.translate(error, columns === undefined ? { what } : { what, columns });
    if (this.options.fatal.has(translated.code)) this.broken = true;
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
