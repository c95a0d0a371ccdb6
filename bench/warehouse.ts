import pg from 'pg';
import type { BenchCase } from './cases/bench-case.js';

/** The destination of all cases, between their runs. */
export class Warehouse {
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  }

  /** Every run starts with an empty place and no work left over from the one before. */
  async clear({ table }: BenchCase): Promise<void> {
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

  close(): Promise<void> {
    return this.pool.end();
  }
}
