import pg from 'pg';
import { SluiceError } from '../errors/index.js';

/** What a repository needs of a connection: a pool (each statement on its own) or a client inside a transaction. */
export interface Db {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
}
/** A connection inside BEGIN … COMMIT. Functions that are only right in a transaction ask for this type. */
export type Transaction = Db & { readonly inTransaction: true };
export type Pool = pg.Pool;

const INT8_OID = 20;

/** bigint columns here are counters far below 2^53, so they come as numbers. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID && format !== 'binary'
      ? Number
      : (pg.types.getTypeParser(oid, format) as (text: string) => unknown)) as typeof pg.types.getTypeParser,
};

/**
 * The pool of the control plane. Default: 10 connections, 5 s to connect, 30 s a statement. Of those that were opened `min` stay so (default: none); others are closed when they were
 * idle for 10 s. An idle connection that dies (server restart) is dropped; the next statement opens another one.
 */
export function createPool(databaseUrl: string, options: { max?: number; min?: number; applicationName?: string } = {}): Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    types,
    max: options.max ?? 10,
    min: options.min ?? 0,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    application_name: options.applicationName ?? 'sluice',
  });
  // Without a listener the end of a connection would end the process, be it idle or taken; who uses it meets the error at the next statement.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Runs `work` in a transaction: committed when it resolves, rolled back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let broken = false;
  try {
    await client.query('BEGIN');
    const result = await work({ inTransaction: true, query: (text, values) => client.query(text, values) });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function connect(pool: Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw new SluiceError('STORE_UNAVAILABLE', { cause: error });
  }
}

/** The row of a statement that has at most one. */
export function one<Row extends pg.QueryResultRow>(result: pg.QueryResult<Row>): Row | null {
  return result.rows[0] ?? null;
}

/** The row of a statement that always has one. */
export function theOne<Row extends pg.QueryResultRow>(result: pg.QueryResult<Row>): Row {
  const row = result.rows[0];
  if (row === undefined) throw new SluiceError('INTERNAL', { detail: 'a statement that must return a row returned none' });
  return row;
}

/** Whether `error` is PostgreSQL's unique violation, of `constraint` when given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError && error.code === '23505' && (constraint === undefined || error.constraint === constraint)
  );
}

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/** Whether `error` says that the control plane is away rather than that the statement is wrong. */
export function isStoreUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return CONNECTION_ERRORS.has(code) || code.startsWith('08');
  return /Connection terminated|timeout exceeded when trying to connect/.test(error.message);
}
