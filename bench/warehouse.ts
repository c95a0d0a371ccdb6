import pg from 'pg';
import type { BenchCase } from './cases/bench-case.js';

/** The destination of all cases, between their runs. */
export class Warehouse {
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  }

  /** Every run starts with an empty place and no work left over from the one before. */
  async clear({ table }: Pick<BenchCase, 'table'>): Promise<void> {
    const [schema = '', name = ''] = table.split('.');
    if (schema !== 'public')
      await this.pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; DROP SCHEMA IF EXISTS ${schema}_staging CASCADE`);
    else await this.pool.query(`DROP TABLE IF EXISTS public.${name}`);
    await this.pool.query('CHECKPOINT');
  }

  /** Throws unless the table holds each of the rows exactly once: a wrong result has no rate. */
  async verify({ name, table, rows }: Pick<BenchCase, 'name' | 'table' | 'rows'>): Promise<void> {
    const { rows: found } = await this.pool.query<{ rows: string; ids: string }>(
      `SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM ${table}`,
    );
    const [counted] = found;
    if (Number(counted?.rows) !== rows || Number(counted?.ids) !== rows) {
      throw new Error(`${name}: ${table} holds ${counted?.rows} rows with ${counted?.ids} ids instead of ${rows}`);
    }
  }

  /** Leaves no work over from the run before; returns the transaction id before which everything has ended. */
  async settle(): Promise<string> {
    await this.pool.query('CHECKPOINT');
    const { rows } = await this.pool.query<{ xmin: string }>('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin');
    return rows[0]?.xmin ?? '';
  }

  /** Versions of rows that were written by transactions from `xid` on. Transaction ids of this server have not wrapped around. */
  async versionsSince(table: string, xid: string): Promise<number> {
    const { rows } = await this.pool.query<{ versions: number }>(
      `SELECT count(*)::integer AS versions FROM ${table} WHERE xmin::text::bigint >= $1::bigint`,
      [xid],
    );
    return rows[0]?.versions ?? 0;
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
