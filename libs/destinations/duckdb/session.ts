import type { DuckDBConnection } from '@duckdb/node-api';
import { duckdbError } from './duckdb-error.js';
import type { Driver } from './driver.js';

export type Value = string | number | boolean | null;

/** One connection. Not for concurrent use. */
export class Session {
  constructor(
    readonly driver: Driver,
    readonly connection: DuckDBConnection,
    private readonly turn: <T>(work: () => Promise<T>) => Promise<T>,
  ) {}

  /** bigints come as text. */
  async query<Row extends object>(what: string, sql: string, values: readonly Value[] = []): Promise<Row[]> {
    try {
      const reader = await this.connection.runAndReadAll(sql, values.length === 0 ? undefined : [...values]);
      return reader.getRowObjectsJson() as unknown as Row[];
    } catch (error) {
      throw duckdbError(what, error);
    }
  }

  /**
   * Runs alone in the file: transactions of one process take turns, as those of others cannot be there. DuckDB would let the later of two that
   * touch one row fail. Its COMMIT returns when the write-ahead log is on disk.
   */
  transaction<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.turn(async () => {
      await this.query(what, 'BEGIN TRANSACTION');
      try {
        const result = await work();
        await this.query(what, 'COMMIT');
        return result;
      } catch (error) {
        await this.query(what, 'ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }
}
