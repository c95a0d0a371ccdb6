import pg from 'pg';

const UNDEFINED_TABLE = '42P01';

/** Reads a database as somebody who only looks; a table that is not there yet is an empty one. Its server may be killed at any time. */
export class Looker {
  private readonly pool: pg.Pool;

  constructor(url: string) {
    this.pool = new pg.Pool({ connectionString: url, max: 4, application_name: 'sluice-chaos', connectionTimeoutMillis: 5_000 });
    this.pool.on('error', () => {}); // the server is killed on purpose; the next query connects anew
  }

  async rows<R extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    try {
      return (await this.pool.query<R>(sql, [...values])).rows;
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) return [];
      throw error;
    }
  }

  /** The first row's `n`; 0 without one. */
  async number(sql: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.rows<{ n: number | string | null }>(sql, values);
    return Number(row?.n ?? 0);
  }

  /** A session of its own, for a lock. */
  session(): Promise<pg.PoolClient> {
    return this.pool.connect();
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
